import Testing

@testable import Git

/// What is sent to a server.
@Suite struct PushRequestTests {
    private static let old = String(repeating: "1", count: 40)
    private static let new = String(repeating: "2", count: 40)

    private static func bytes(_ words: String, options: [String] = []) throws -> [UInt8] {
        let person = try CommitIdentity(name: "Ann", email: "a@b", time: 0)
        let commit = PreparedCommit(
            id: try CommitID(new), parent: try CommitID(old), subject: "", author: person, committer: person,
            pack: Array("PACK…".utf8))
        var capabilities = Capabilities()
        for word in words.split(separator: " ") { capabilities.add(word) }
        return try PushRequest(commit, to: try BranchName("DEV"), options: options).bytes(
            capabilities, agent: "git/descry")
    }

    private static func packet(_ text: String) -> [UInt8] { Packet.data(Array(text.utf8)).encoded }

    /// Only what the server offers is asked for.
    @Test func `the command names what the branch must be, then come options, then the pack`() throws {
        let command = "\(Self.old) \(Self.new) refs/heads/DEV\0 "
        #expect(
            try Self.bytes("report-status delete-refs ofs-delta") == Self.packet(command + "report-status")
                + Array("0000PACK…".utf8))
        let all =
            "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=git/2 push-options"
        #expect(
            try Self.bytes(all)
                == Self.packet(
                    command + "report-status-v2 side-band-64k atomic quiet object-format=sha1 agent=git/descry")
                + Array("0000PACK…".utf8))
        #expect(
            try Self.bytes("report-status push-options", options: ["a b", "ü"])
                == Self.packet(command + "report-status push-options") + Array("0000".utf8) + Self.packet("a b")
                + Self.packet("ü") + Array("0000PACK…".utf8))
    }

    @Test func `what a server can't be asked for is refused`() {
        let rows: [(String, [String], String)] = [
            ("side-band-64k", [], "no-push-report"), ("report-status", ["a"], "push-options-unsupported"),
            ("report-status push-options", ["a\nb"], "push-option"),
            ("report-status push-options", [String(repeating: "x", count: 65_001)], "push-option"),
        ]
        for (words, options, code) in rows {
            do {
                _ = try Self.bytes(words, options: options)
                Issue.record("\(code) was expected")
            } catch let error as GitError {
                #expect(error.code == code)
            } catch {
                Issue.record("\(error)")
            }
        }
    }
}
