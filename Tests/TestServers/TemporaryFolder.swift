import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A folder that goes with its last owner, or with the process where that is something shared.
public final class TemporaryFolder: Sendable {
    public let path: String

    private static let living = Mutex<Set<String>>([])
    private static let deletesAtExit: Bool = {
        atexit { TemporaryFolder.deleteAll() }
        return true
    }()

    public init() throws {
        _ = Self.deletesAtExit
        let base = Program.environment("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/descry-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Program.Failure(description: "no temporary folder can be made") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = path
        Self.living.withLock { _ = $0.insert(path) }
    }

    deinit {
        Self.delete(path)
        let path = path
        Self.living.withLock { _ = $0.remove(path) }
    }

    private static func deleteAll() {
        for path in living.withLock({ $0 }) { delete(path) }
    }

    /// Makes a folder in it and returns its path.
    public func folder(_ name: String) throws -> String {
        let made = path + "/" + name
        guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
            throw Program.Failure(description: "\(made) can't be made")
        }
        return made
    }

    /// Writes a file in it and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let file = path + "/" + name
        try Self.write(file, Array(text.utf8), mode: mode)
        return file
    }

    public static func write(_ file: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws {
        let descriptor = open(file, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Program.Failure(description: "\(file) can't be written") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Program.Failure(description: "\(file) can't be written") }
            rest = rest.dropFirst(count)
        }
    }

    /// The names in a folder.
    public static func names(in folder: String) -> [String] {
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

    /// Every file below a folder.
    public static func files(below folder: String) -> [String] {
        var status = stat()
        guard lstat(folder, &status) == 0 else { return [] }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [folder] }
        return names(in: folder).flatMap { files(below: folder + "/" + $0) }
    }

    public static func delete(_ path: String) {
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

private func writeBytes(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}
