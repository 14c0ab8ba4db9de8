import CLibGit2

/// A repository on this machine, read in place through libgit2 where there is no `git` to serve it.
struct LocalRepository: Sendable {
    /// Its folder of objects.
    let objects: String
    let refs: RemoteRefs

    /// - Throws: `repository-not-found`, `sha256-repository` (refused), `dubious-ownership` (denied).
    static func open(_ path: String) throws(GitError) -> LocalRepository {
        try LibGit2.prepare()
        var opened: OpaquePointer?
        let status = git_repository_open_ext(&opened, path, UInt32(GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue), nil)
        guard status == 0, let repository = opened else { throw failure(status, path) }
        defer { git_repository_free(repository) }
        guard let common = git_repository_commondir(repository) else { throw LibGit2.failure("\(path) can't be read") }
        return LocalRepository(
            objects: String(cString: common) + "objects", refs: RemoteRefs(try refs(of: repository, "refs/heads/*")))
    }

    /// The refs below a prefix, or the one of that very name.
    static func refs(in path: String, under prefix: String) throws(GitError) -> [AdvertisedRef] {
        try LibGit2.prepare()
        var opened: OpaquePointer?
        let status = git_repository_open_ext(&opened, path, UInt32(GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue), nil)
        guard status == 0, let repository = opened else { throw failure(status, path) }
        defer { git_repository_free(repository) }
        return try refs(of: repository, prefix + "*")
    }

    private static func failure(_ status: Int32, _ path: String) -> GitError {
        let words = LibGit2.failure("\(path) can't be opened").message
        if words.lowercased().contains("objectformat") { return ProtocolError.sha256 }
        if status == GIT_EOWNER.rawValue {
            return .denied("dubious-ownership", words, hint: "See git-config(1), safe.directory")
        }
        return .refused("repository-not-found", words, hint: "Check the path")
    }

    private static func refs(of repository: OpaquePointer, _ glob: String) throws(GitError) -> [AdvertisedRef] {
        var iterator: OpaquePointer?
        try LibGit2.check("The branches can't be listed") {
            git_reference_iterator_glob_new(&iterator, repository, glob)
        }
        defer { git_reference_iterator_free(iterator) }
        var refs: [AdvertisedRef] = []
        var next: OpaquePointer?
        while git_reference_next(&next, iterator) == 0, let reference = next {
            defer { git_reference_free(reference) }
            var resolved: OpaquePointer?
            guard git_reference_resolve(&resolved, reference) == 0, let target = git_reference_target(resolved),
                let name = git_reference_name(reference)
            else { continue }
            refs.append(AdvertisedRef(name: String(cString: name), id: CommitID(target.pointee)))
            git_reference_free(resolved)
        }
        var head: OpaquePointer?
        if git_reference_lookup(&head, repository, "HEAD") == 0, let target = git_reference_symbolic_target(head) {
            refs.append(AdvertisedRef(name: "HEAD", id: nil, symbolicTarget: String(cString: target)))
        }
        git_reference_free(head)
        return refs
    }
}
