import CLibGit2

/// git objects on this disk: reading, and taking in packs. The one owner of its `git_odb`.
///
/// Opened on the folder of objects alone, so that no configuration file, hook or ownership rule plays a part.
final class ObjectStore {
    enum Kind: Hashable { case commit, tree, blob, tag }

    private let handle: OpaquePointer

    /// - Parameter alternate: another repository's folder of objects, to be read as well.
    init(path: String, alternate: String? = nil) throws(GitError) {
        try LibGit2.prepare()
        var opened: OpaquePointer?
        try LibGit2.check("The object store \(path) can't be opened") { git_odb_open(&opened, path) }
        guard let opened else { throw LibGit2.failure("The object store \(path) can't be opened") }
        handle = opened
        if let alternate {
            try LibGit2.check("The object store \(alternate) can't be opened") {
                git_odb_add_disk_alternate(opened, alternate)
            }
        }
    }

    deinit { git_odb_free(handle) }

    func contains(_ id: CommitID) -> Bool {
        var oid = id.oid
        return git_odb_exists(handle, &oid) == 1
    }

    /// The object whose name begins with these hexadecimal digits, at least seven.
    ///
    /// - Returns: nil where there is none, or more than one.
    func resolve(_ prefix: String) -> CommitID? {
        var short = git_oid()
        guard (7...40).contains(prefix.utf8.count), git_oid_fromstrn(&short, prefix, prefix.utf8.count) == 0 else {
            return nil
        }
        var found = git_oid()
        guard git_odb_exists_prefix(&found, handle, &short, prefix.utf8.count) == 0 else { return nil }
        return CommitID(found)
    }

    /// The kind and size of an object, without its content.
    ///
    /// - Returns: nil where it isn't there.
    func header(_ id: CommitID) throws(GitError) -> (kind: Kind, size: Int)? {
        var oid = id.oid
        var size = 0
        var type = GIT_OBJECT_INVALID
        let status = git_odb_read_header(&size, &type, handle, &oid)
        if status == GIT_ENOTFOUND.rawValue { return nil }
        guard status == 0, let kind = Self.kind(type) else { throw Self.damaged(id) }
        return (kind, size)
    }

    /// The content of an object, checked against its name.
    ///
    /// - Returns: nil where it isn't there.
    /// - Throws: `cache-damaged` where it can't be read or isn't what its name says.
    func read(_ id: CommitID) throws(GitError) -> (kind: Kind, bytes: [UInt8])? {
        var oid = id.oid
        var object: OpaquePointer?
        let status = git_odb_read(&object, handle, &oid)
        if status == GIT_ENOTFOUND.rawValue { return nil }
        guard status == 0, let object else { throw Self.damaged(id) }
        defer { git_odb_object_free(object) }
        guard let kind = Self.kind(git_odb_object_type(object)) else { throw Self.damaged(id) }
        let size = git_odb_object_size(object)
        let bytes = [UInt8](UnsafeRawBufferPointer(start: git_odb_object_data(object), count: size))
        // A packed object's name isn't checked by libgit2 when it is read.
        var actual = git_oid()
        git_odb_hash(&actual, git_odb_object_data(object), size, git_odb_object_type(object))
        guard git_oid_equal(&actual, &oid) == 1 else { throw Self.damaged(id) }
        return (kind, bytes)
    }

    /// Looks at the disk again, where another process may have put objects.
    func refresh() { git_odb_refresh(handle) }

    /// Starts taking in a pack, below `folder`.
    func indexer(folder: String) throws(GitError) -> PackIndexer {
        try PackIndexer(folder: folder, objects: handle)
    }

    /// The SHA-1 of some bytes, in hexadecimal: a name for a folder, no protection.
    static func digest(_ text: String) throws(GitError) -> String {
        try LibGit2.prepare()
        var oid = git_oid()
        let bytes = Array(text.utf8)
        try LibGit2.check("A name can't be made") { git_odb_hash(&oid, bytes, bytes.count, GIT_OBJECT_BLOB) }
        return CommitID(oid).description
    }

    static func damaged(_ id: CommitID) -> GitError {
        _ = LibGit2.failure("")
        return .internal("cache-damaged", "The object \(id) in the cache can't be read or isn't what its name says")
    }

    private static func kind(_ type: git_object_t) -> Kind? {
        switch type {
        case GIT_OBJECT_COMMIT: .commit
        case GIT_OBJECT_TREE: .tree
        case GIT_OBJECT_BLOB: .blob
        case GIT_OBJECT_TAG: .tag
        default: nil
        }
    }
}
