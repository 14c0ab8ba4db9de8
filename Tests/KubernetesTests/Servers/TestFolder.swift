import FoundationEssentials
import Subprocess

/// A folder of a test's own, gone when the test is over.
struct TestFolder: Sendable {
    let path: String

    static func with<Result>(_ body: (TestFolder) async throws -> Result) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/kube-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(TestFolder(path: path))) } catch { outcome = .failure(error) }
        try FileManager.default.removeItem(atPath: path)
        return try outcome.get()
    }

    @discardableResult
    func write(_ name: String, _ text: String, isExecutable: Bool = false) throws -> String {
        let file = "\(path)/\(name)"
        if let slash = file.lastIndex(of: "/") {
            try FileManager.default.createDirectory(
                atPath: String(file[..<slash]), withIntermediateDirectories: true)
        }
        try Data(text.utf8).write(to: URL(filePath: file))
        if isExecutable { try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file) }
        return file
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
}
