#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The few file operations that the mirror's safety rests on, with the system's reason in every error.
enum Disk {
    /// `cache` (internal) with the reason of the call that just failed.
    static func failure(_ what: String) -> GitError {
        let reason = errno
        return .internal("cache", "\(what): \(String(cString: strerror(reason)))")
    }

    /// Makes a folder and those above it.
    ///
    /// - Parameter mode: only the owner's, unless it says otherwise; less what the user's mask takes away.
    static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(GitError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw failure("The folder \(path) can't be made")
        }
        try makeFolder(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("The folder \(path) can't be made") }
    }

    /// Makes a folder of a new name in `parent` (`/tmp` where that is nil), only the owner's.
    static func makeTemporaryFolder(_ parent: String?) throws(GitError) -> String {
        var template = Array("\(parent ?? "/tmp")/descry-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw failure("No temporary folder can be made in \(parent ?? "/tmp")") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Replaces a file as a whole: a reader sees the old content or the new, also after a crash.
    ///
    /// - Parameter mode: as of ``makeFolder(_:mode:)``.
    static func replace(_ path: String, with text: String, mode: mode_t = 0o600) throws(GitError) {
        try replace(path, with: Array(text.utf8), mode: mode)
    }

    /// The same for bytes.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o600) throws(GitError) {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("The file \(temporary) can't be made") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("The file \(temporary) can't be written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw failure("The file \(temporary) can't be written") }
        try move(temporary, to: path)
    }

    static func move(_ from: String, to: String) throws(GitError) {
        guard rename(from, to) == 0 else { throw failure("\(from) can't be moved to \(to)") }
    }

    /// The content of a text file of at most 16 MiB; nil where there is none.
    static func read(_ path: String) throws(GitError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("The file \(path) can't be read")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= 16 << 20 {
            let count = chunk.withUnsafeMutableBytes { readBytes(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw failure("The file \(path) can't be read") }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Which folder a path leads to right now; nil where there is none. Two folders never have the same at one time.
    static func identity(_ path: String) -> UInt64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return UInt64(status.st_ino)
    }

    /// What tells a file from another that is put in its place: which one it is, its size, and when it was written.
    struct Stamp: Hashable {
        let file: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    /// Nil where there is no file.
    static func stamp(_ path: String) -> Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return Stamp(
            file: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int(time.tv_sec),
            nanoseconds: Int(time.tv_nsec))
    }

    /// Whether a path leads to a program that this user may run.
    static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// The names in a folder, none where it can't be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Deletes a folder with all that is in it, following no symbolic link. What can't be deleted stays.
    static func delete(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { delete(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// `read(2)`, begun again when a signal interrupts it.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    while true {
        let result = read(descriptor, buffer, count)
        if result >= 0 || errno != EINTR { return result }
    }
}
