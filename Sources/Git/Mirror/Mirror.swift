/// The local copy of one repository: a bare repository with the objects that were fetched, and what is known of them.
///
/// Several processes may use it at once. Whoever changes it holds its ``FileLock``; a pack is written aside and moved in
/// (pack, then index), `shallow` and `packed-refs` follow, each replaced as a whole. A process that is killed at any
/// point leaves a mirror that is whole. Reading takes no lock.
final class Mirror {
    let path: String
    var lockPath: String { path + ".lock" }
    private let alternate: String?
    private var opened: (store: ObjectStore, identity: UInt64)?
    private(set) var state = MirrorState()
    /// The files that ``state`` was read from or written to.
    private var stamps: [Disk.Stamp]?

    /// - Parameter alternate: a local repository's folder of objects, read in place.
    init(path: String, alternate: String? = nil) {
        self.path = path
        self.alternate = alternate
    }

    /// The folder's name: readable, and different for every URL and way to log in. No secret takes part.
    static func folderName(remote: RemoteURL, credentials: GitCredentials) throws(GitError) -> String {
        let login = [credentials.username, credentials.password, credentials.token].map { $0?.place ?? "" }
        let identity = ([remote.description, remote.user ?? ""] + login).joined(separator: "\n")
        var name = remote.path.split(separator: "/").last.map(String.init) ?? ""
        if name.hasSuffix(".git") { name.removeLast(4) }
        let readable = name.unicodeScalars.prefix(40).map { scalar in
            let isSafe = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            return isSafe ? Character(scalar) : "-"
        }
        return String(readable) + "-" + (try ObjectStore.digest(identity))
    }

    /// Reads the state, making the mirror where there is none and a new one where it is damaged. Needs the lock.
    ///
    /// - Returns: whether a damaged mirror was thrown away.
    func load() throws(GitError) -> Bool {
        guard Disk.identity(path) != nil else {
            (state, stamps) = (MirrorState(), nil)
            try startAnew()
            return false
        }
        for name in Disk.names(in: path) where name.hasPrefix("incoming-") || name.hasSuffix(".new") {
            Disk.delete(path + "/" + name)
        }
        // Read first: what was accepted outlives the objects.
        if try refresh(), isWhole { return false }
        try startAnew()
        return true
    }

    private var isWhole: Bool { ["/objects/pack", "/HEAD"].allSatisfy { Disk.identity(path + $0) != nil } }

    /// Reads the state, where it is not what was read or written last. Needs no lock: each file is replaced as a whole.
    ///
    /// - Returns: false where there is none, or not all of it can be read.
    func refresh() throws(GitError) -> Bool {
        let files = [path + "/packed-refs", path + "/shallow"]
        // Before they are read: one that is replaced meanwhile has another stamp the next time.
        let current = files.compactMap(Disk.stamp)
        if current.count == files.count, stamps == current { return true }
        var state = MirrorState()
        let hasRefs = state.read(packedRefs: try Disk.read(files[0]) ?? "")
        let hasShallow = state.read(shallow: try Disk.read(files[1]) ?? "")
        self.state = state
        stamps = hasRefs && hasShallow && current.count == files.count ? current : nil
        return stamps != nil
    }

    /// Throws all objects away and begins again; the accepted tips, where they could be read, are kept. Needs the lock.
    func startAnew() throws(GitError) {
        (opened, stamps) = (nil, nil)
        var kept = MirrorState()
        kept.accepted = state.accepted
        if Disk.identity(path) != nil {
            let old = "\(path).old-\(UInt64.random(in: .min ... .max))"
            try Disk.move(path, to: old)
            Disk.delete(old)
        }
        try Disk.makeFolder(path + "/objects/pack")
        try Disk.makeFolder(path + "/objects/info")
        try Disk.makeFolder(path + "/refs/heads")
        try Disk.replace(
            path + "/config", with: "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n")
        try save(kept)
        // Last: without it the folder counts as damaged.
        try Disk.replace(path + "/HEAD", with: "ref: refs/heads/HEAD\n")
    }

    /// Replaces the state. Needs the lock.
    func save(_ state: MirrorState) throws(GitError) {
        stamps = nil
        try Disk.replace(path + "/shallow", with: state.shallowFile)
        try Disk.replace(path + "/packed-refs", with: state.packedRefs)
        self.state = state
        let written = ["/packed-refs", "/shallow"].compactMap { Disk.stamp(path + $0) }
        stamps = written.count == 2 ? written : nil
    }

    /// The objects, opened anew where another process has replaced the mirror.
    func objects() throws(GitError) -> ObjectStore {
        let identity = Disk.identity(path) ?? 0
        if let opened, opened.identity == identity { return opened.store }
        opened = nil
        let store = try ObjectStore(path: path + "/objects", alternate: alternate)
        opened = (store, identity)
        return store
    }

    /// A place for new objects above those that are here.
    func packWriter() throws(GitError) -> PackWriter {
        try PackWriter(path: path + "/objects", alternate: alternate)
    }

    func close() { opened = nil }

    /// How many packs there are: each fetch leaves one.
    var packCount: Int { Disk.names(in: path + "/objects/pack").count { $0.hasSuffix(".idx") } }

    /// Begins to take in a pack, in a folder that nobody reads.
    func receive() throws(GitError) -> IncomingPack {
        let folder = "\(path)/incoming-\(UInt64.random(in: .min ... .max))"
        try Disk.makeFolder(folder)
        return IncomingPack(folder: folder, indexer: try objects().indexer(folder: folder))
    }

    /// Moves a finished pack to the others. Needs the lock.
    func adopt(_ incoming: IncomingPack) throws(GitError) {
        defer { Disk.delete(incoming.folder) }
        guard let files = try incoming.indexer.finish() else { return }
        for file in [files.pack, files.index] {
            let name = file.split(separator: "/").last ?? ""
            try Disk.move(file, to: "\(path)/objects/pack/\(name)")
        }
        try objects().refresh()
    }
}

/// A pack that is being taken in. Its folder goes when it is adopted, or with the next ``Mirror/load()``.
final class IncomingPack {
    let folder: String
    let indexer: PackIndexer

    init(folder: String, indexer: PackIndexer) {
        self.folder = folder
        self.indexer = indexer
    }
}
