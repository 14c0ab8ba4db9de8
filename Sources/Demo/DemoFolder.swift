import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The temporary folder that the demo plays in: the deployment repository, a clone of it, and the environment files.
struct DemoFolder: Sendable {
    let path: String

    /// - Throws: `DemoError` where no folder can be made.
    init() throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(base)/descry-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DemoError("no-folder", "no folder can be made in \(base)", hint: "Name another one by TMPDIR")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Deletes it with all that is in it, also while what an interrupted command had started is still on its way out and
    /// makes or removes files of its own.
    func delete() async throws {
        for _ in 0..<Self.attempts {
            do {
                return try FileManager.default.removeItem(atPath: path)
            } catch {
                // A task of its own, which goes on where the demo was cancelled.
                await Task.detached { try? await Task.sleep(for: .milliseconds(50)) }.value
            }
        }
        try FileManager.default.removeItem(atPath: path)
    }

    private static let attempts = 40

    /// Writes a file that only this user may read.
    func write(_ name: String, _ text: String) throws {
        let file = path + "/" + name
        if let slash = file.lastIndex(of: "/") {
            try FileManager.default.createDirectory(
                atPath: String(file[..<slash]), withIntermediateDirectories: true)
        }
        let made = FileManager.default.createFile(
            atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard made else { throw DemoError("unwritable-file", "cannot write \(file)") }
    }
}
