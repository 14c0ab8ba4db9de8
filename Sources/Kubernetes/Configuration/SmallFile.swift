import Documents

/// Configuration files, read whole and never empty.
enum SmallFile {
    static let limit = 8 << 20

    /// - Parameter what: names the file's role in the error: `the token`.
    /// - Throws: `unreadable-file`, `empty-file`.
    static func read(_ path: String, what: String) throws(KubernetesError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path, limit: limit)
        } catch {
            throw KubernetesError(
                code: "unreadable-file", category: .refused, message: "\(path) (\(what)) cannot be read: \(error).")
        }
        guard !bytes.isEmpty else {
            throw KubernetesError(code: "empty-file", category: .refused, message: "\(path) (\(what)) is empty.")
        }
        return bytes
    }
}
