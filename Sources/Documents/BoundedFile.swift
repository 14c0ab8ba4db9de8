#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads files whole, with a bound on their size and with the operating system's reason where that fails.
public enum BoundedFile {
    /// Why a file could not be read.
    public enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The operating system's reason, such as `No such file or directory`.
        case system(String)
        /// It has more bytes than were to be read.
        case tooLarge(limit: Int)

        public var description: String {
            switch self {
            case .system(let reason): reason
            case .tooLarge(let limit): "it is larger than \(limit) bytes"
            }
        }
    }

    /// - Parameter limit: in bytes.
    public static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        return try readAll(descriptor, limit)
    }

    /// The same for a file of a folder that was listed: what is no regular file (a pipe, say, which would keep its reader
    /// waiting) is not read. Symbolic links are followed.
    /// - Parameter limit: in bytes.
    public static func readRegular(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .system("it is no regular file") }
        return try readAll(descriptor, limit)
    }

    /// Standard input to its end.
    public static func readStandardInput(limit: Int) throws(Problem) -> [UInt8] {
        try readAll(STDIN_FILENO, limit)
    }

    private static func readAll(_ descriptor: Int32, _ limit: Int) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { readOnce(descriptor, $0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(String(cString: strerror(errno)))
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw .tooLarge(limit: limit) }
            bytes += chunk[..<count]
        }
    }

    private static func readOnce(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        read(descriptor, buffer.baseAddress, buffer.count)
    }

    private static func read(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, base, count)
        #elseif canImport(Musl)
            Musl.read(descriptor, base, count)
        #else
            Darwin.read(descriptor, base, count)
        #endif
    }
}
