import CLibGit2

/// Takes in a pack piece by piece, checks it, and writes it with its index into a folder of its own.
///
/// libgit2's indexer checks every object's compression and the pack's trailing SHA-1, and resolves all deltas.
final class PackIndexer {
    private let handle: OpaquePointer
    private var progress = git_indexer_progress()
    private let folder: String

    fileprivate init(handle: OpaquePointer, folder: String) {
        self.handle = handle
        self.folder = folder
    }

    convenience init(folder: String, objects: OpaquePointer) throws(GitError) {
        var options = git_indexer_options()
        git_indexer_options_init(&options, UInt32(GIT_INDEXER_OPTIONS_VERSION))
        var opened: OpaquePointer?
        try LibGit2.check("A pack can't be written to \(folder)") {
            git_indexer_new(&opened, folder, 0, objects, &options)
        }
        guard let opened else { throw LibGit2.failure("A pack can't be written to \(folder)") }
        self.init(handle: opened, folder: folder)
    }

    deinit { git_indexer_free(handle) }

    /// - Throws: `pack-damaged` (unreachable): the server or the way from it spoiled the pack, or the disk is full.
    func append(_ bytes: [UInt8]) throws(GitError) {
        guard git_indexer_append(handle, bytes, bytes.count, &progress) == 0 else { throw Self.damaged() }
    }

    /// Finishes the pack.
    ///
    /// - Returns: the paths of pack and index; nil for a pack without objects, for which nothing is written.
    func finish() throws(GitError) -> (pack: String, index: String)? {
        guard git_indexer_commit(handle, &progress) == 0 else { throw Self.damaged() }
        guard progress.total_objects > 0, let name = git_indexer_name(handle) else { return nil }
        let base = "\(folder)/pack-\(String(cString: name))"
        return (base + ".pack", base + ".idx")
    }

    private static func damaged() -> GitError {
        let words = LibGit2.failure("The pack that the git server sent can't be taken in").message
        return .unreachable(
            "pack-damaged", words, hint: "Try again; if it stays, check the disk and `git fsck` on the server")
    }
}
