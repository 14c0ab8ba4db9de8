#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads configuration files whole, with a bound and with the operating system's reason where that fails.
enum SmallFile {
    static let limit = 8 << 20

    /// - Parameter what: names the file's role in the error: `the token`.
    /// - Throws: `unreadable-file`, `empty-file`.
    static func read(_ path: String, what: String) throws(KubernetesError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, what, reason(errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let room = 64 << 10
            let start = bytes.count
            var failure: Int32 = 0
            bytes.append(contentsOf: repeatElement(0, count: room))
            let count = bytes.withUnsafeMutableBytes { buffer -> Int in
                while true {
                    let count = Self.readOnce(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
                    if count < 0, errno == EINTR { continue }
                    failure = count < 0 ? errno : 0
                    return count
                }
            }
            guard count >= 0 else { throw unreadable(path, what, reason(failure)) }
            bytes.removeLast(room - count)
            if count == 0 { break }
            guard bytes.count <= limit else { throw unreadable(path, what, "it is larger than 8 MiB") }
        }
        guard !bytes.isEmpty else {
            throw KubernetesError(code: "empty-file", category: .refused, message: "\(path) (\(what)) is empty.")
        }
        return bytes
    }

    private static func readOnce(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    private static func unreadable(_ path: String, _ what: String, _ reason: String) -> KubernetesError {
        KubernetesError(
            code: "unreadable-file", category: .refused, message: "\(path) (\(what)) cannot be read: \(reason).")
    }
}
