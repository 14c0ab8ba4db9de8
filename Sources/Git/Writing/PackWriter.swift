import CLibGit2

/// New objects, kept in memory above the mirror's, and the pack of just these.
///
/// Nothing is written to the mirror: what a server doesn't take leaves no trace there, and what it takes comes back with the
/// next fetch, as everything in the mirror does.
final class PackWriter {
    private let objects: OpaquePointer
    private let repository: OpaquePointer
    private var written: [(id: CommitID, bytes: [UInt8])] = []

    /// - Parameters:
    ///   - path: the mirror's folder of objects.
    ///   - alternate: another one, to be read as well.
    init(path: String, alternate: String?) throws(GitError) {
        try LibGit2.prepare()
        let what = "Objects can't be written"
        var opened: OpaquePointer?
        try LibGit2.check(what) { git_odb_open(&opened, path) }
        guard let opened else { throw LibGit2.failure(what) }
        objects = opened
        var wrapped: OpaquePointer?
        do throws(GitError) {
            if let alternate { try LibGit2.check(what) { git_odb_add_disk_alternate(opened, alternate) } }
            try Self.keepInMemory(opened, what)
            try LibGit2.check(what) { git_repository_wrap_odb(&wrapped, opened) }
            // An empty one: the pack builder would read the user's otherwise.
            var configuration: OpaquePointer?
            try LibGit2.check(what) { git_config_new(&configuration) }
            defer { git_config_free(configuration) }
            try LibGit2.check(what) { git_repository_set_config(wrapped, configuration) }
        } catch {
            git_repository_free(wrapped)
            git_odb_free(opened)
            throw error
        }
        guard let wrapped else {
            git_odb_free(opened)
            throw LibGit2.failure(what)
        }
        repository = wrapped
    }

    deinit {
        git_repository_free(repository)
        git_odb_free(objects)
    }

    /// Higher than those of libgit2's own backends for files, which are 1 and 2: writes go to the first.
    private static let priority: Int32 = 999

    private static func keepInMemory(_ objects: OpaquePointer, _ what: String) throws(GitError) {
        var memory: OpaquePointer?
        try LibGit2.check(what) { git_mempack_new(&memory) }
        try LibGit2.check(what) { git_odb_add_backend(objects, memory, priority) }
    }

    /// Adds an object.
    func write(_ kind: ObjectStore.Kind, _ bytes: [UInt8]) throws(GitError) -> CommitID {
        var oid = git_oid()
        try LibGit2.check("An object can't be written") {
            git_odb_write(&oid, objects, bytes, bytes.count, kind.type)
        }
        let id = CommitID(oid)
        written.append((id, bytes))
        return id
    }

    /// The content of an object that was added; nil for any other.
    func bytes(of id: CommitID) -> [UInt8]? { written.last { $0.id == id }?.bytes }

    /// The pack of the objects that were added.
    func pack() throws(GitError) -> [UInt8] {
        let what = "A pack can't be made"
        var opened: OpaquePointer?
        try LibGit2.check(what) { git_packbuilder_new(&opened, repository) }
        guard let builder = opened else { throw LibGit2.failure(what) }
        defer { git_packbuilder_free(builder) }
        // Commits first, as the format's readers expect.
        for object in written.reversed() {
            var oid = object.id.oid
            try LibGit2.check(what) { git_packbuilder_insert(builder, &oid, nil) }
        }
        var buffer = git_buf()
        defer { git_buf_dispose(&buffer) }
        try LibGit2.check(what) { git_packbuilder_write_buf(&buffer, builder) }
        return [UInt8](UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
    }
}

extension ObjectStore.Kind {
    fileprivate var type: git_object_t {
        switch self {
        case .commit: GIT_OBJECT_COMMIT
        case .tree: GIT_OBJECT_TREE
        case .blob: GIT_OBJECT_BLOB
        case .tag: GIT_OBJECT_TAG
        }
    }
}
