import Documents

/// A file that holds one secret, such as a mounted Secret's. Read anew whenever it is needed, so that one that is rotated
/// counts at once, and none stays in memory.
public struct SecretFile: Sendable, Hashable {
    /// Why the secret cannot be used. Never tells what is in the file.
    public struct Unusable: Error, Sendable, Hashable, CustomStringConvertible {
        public let description: String
    }

    public let path: String
    /// In bytes.
    let shortest: Int

    /// - Parameter shortest: how many bytes it has at least; fewer could be guessed.
    public init(path: String, atLeast shortest: Int = 1) {
        self.path = path
        self.shortest = shortest
    }

    /// The bytes, less one line end at the end, as editors and `echo` leave one. At most 64 KiB are read.
    public func read() throws(Unusable) -> [UInt8] {
        var bytes: [UInt8]
        do throws(BoundedFile.Problem) {
            bytes = try BoundedFile.readRegular(path, limit: 64 << 10)
        } catch {
            throw Unusable(description: "the secret \(path) cannot be read: \(error)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        if bytes.isEmpty { throw Unusable(description: "the secret \(path) is empty") }
        guard bytes.count >= shortest else {
            throw Unusable(
                description: "the secret \(path) has \(bytes.count) bytes, and fewer than \(shortest) could be guessed")
        }
        return bytes
    }

    /// The same as text that can stand in an HTTP header.
    public func readToken() throws(Unusable) -> String {
        let bytes = try read()
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Unusable(
                description: "the secret \(path) is no token: it has blanks, line ends or other characters inside")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
