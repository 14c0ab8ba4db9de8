import TestServers
import Testing

@testable import Reconciling

/// Secrets are read anew each time, and never printed.
@Suite struct SecretFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func oneLineEndIsNoPartOfIt() throws {
        for end in ["", "\n", "\r\n"] {
            let file = SecretFile(path: try folder.write("secret", "hunter2-hunter2-hunter2" + end))
            #expect(try file.read() == Array("hunter2-hunter2-hunter2".utf8))
            #expect(try file.readToken() == "hunter2-hunter2-hunter2")
        }
    }

    @Test func aNewOneCountsAtOnce() throws {
        let file = SecretFile(path: try folder.write("secret", "first"))
        #expect(try file.readToken() == "first")
        try folder.write("secret", "second")
        #expect(try file.readToken() == "second")
    }

    @Test(arguments: ["", "\n", "hunter2-hunter2", "hunter2-hunter2\n"])
    func whatIsTooShortIsNotUsed(text: String) throws {
        let path = try folder.write("secret", text)
        let file = SecretFile(path: path, atLeast: ForgeSettings.shortestWebhookSecret)
        let error = try #require(throws: SecretFile.Unusable.self) { try file.read() }
        #expect(error.description.contains(path) && !error.description.contains("hunter2"))
        try folder.write("secret", "hunter2-hunter2-")
        #expect(try file.read().count == 16)
    }

    /// What cannot stand in a header would be printed by the HTTP client.
    @Test(arguments: ["hunter2 hunter2", "hunter2\nhunter2", "hunter2\u{7f}", "hünter2", "\t"])
    func whatIsNoTokenIsNotUsed(text: String) throws {
        let file = SecretFile(path: try folder.write("secret", text))
        let error = try #require(throws: SecretFile.Unusable.self) { try file.readToken() }
        #expect(!error.description.contains("hunter2") && !error.description.contains("hünter2"))
    }

    @Test func whatIsNotThereIsTold() throws {
        for path in [folder.path + "/missing", folder.path] {
            let error = try #require(throws: SecretFile.Unusable.self) { try SecretFile(path: path).read() }
            #expect(error.description.contains(path))
        }
    }
}
