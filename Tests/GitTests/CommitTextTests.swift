import Testing

@testable import Git

/// A commit's bytes, and the names in it.
@Suite struct CommitTextTests {
    private static let one = String(repeating: "1", count: 40)

    private static func draft(_ message: String) throws -> CommitDraft {
        CommitDraft(
            parent: try CommitID(one), files: [:], message: message,
            author: try CommitIdentity(name: "Ann", email: "ann@example.com", time: 5),
            committer: try CommitIdentity(name: "Jenkins", email: "", time: 6))
    }

    @Test func `headers, an empty line, the message`() throws {
        let bytes = try CommitText.bytes(tree: CommitID(String(repeating: "2", count: 40)), Self.draft("A\n\nB"))
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                tree 2222222222222222222222222222222222222222
                parent \(Self.one)
                author Ann <ann@example.com> 5 +0000
                committer Jenkins <> 6 +0000

                A

                B

                """)
        let signed = try CommitText.signed(bytes, by: Array("-----BEGIN\r\nabc\n\n-----END\n\n".utf8))
        #expect(
            String(decoding: signed, as: UTF8.self).contains(
                "6 +0000\ngpgsig -----BEGIN\n abc\n \n -----END\n\nA\n\nB\n"))
        #expect(throws: GitError.self) { try CommitText.signed(bytes, by: [0x0a]) }
    }

    @Test(arguments: [
        ("A", "A\n"), ("\n\n A  \t\r\n\r\nB\n\n\n", " A\n\nB\n"), ("A\n\n\nB", "A\n\n\nB\n"),
    ])
    func `a message is cleaned as git cleans it`(_ text: String, _ cleaned: String) throws {
        #expect(try CommitText.message(text) == cleaned)
    }

    @Test(arguments: ["", " \n\t\n", "a\u{0}b"]) func `what is no message is refused`(_ text: String) {
        #expect(throws: GitError.self) { try CommitText.message(text) }
    }

    /// Rules of git's ident.c: what would end the line or the name early can't stand in it.
    @Test func `names are cleaned, and one is needed`() throws {
        let rows: [(String, String, String)] = [
            ("Ann Example", "ann@example.com", "Ann Example <ann@example.com>"),
            (" 'Ann <x> Example.' ", "<ann@example.com>", "Ann x Example <ann@example.com>"),
            ("Ann\nauthor Eve <eve>", "a\nb", "Ann author Eve eve <a b>"), ("Änn Ōta", "", "Änn Ōta <>"),
        ]
        for (name, email, expected) in rows {
            #expect(try CommitIdentity(name: name, email: email, time: 0).description == expected)
        }
        for name in ["", " ", ".,:", "<>"] {
            #expect(throws: GitError.self) { try CommitIdentity(name: name, email: "a@b", time: 0) }
        }
        #expect(
            try CommitIdentity("Ann Example <ann@example.com>", time: 7).line == "Ann Example <ann@example.com> 7 +0000"
        )
        for text in ["Ann", "Ann <a@b", "<a@b>", ""] {
            #expect(throws: GitError.self) { try CommitIdentity(text, time: 0) }
        }
    }

    @Test func `a tree keeps every other entry as it is`() throws {
        func entry(_ mode: String, _ name: String, _ byte: UInt8) -> [UInt8] {
            Array("\(mode) \(name)\0".utf8) + [UInt8](repeating: byte, count: 20)
        }
        let bytes = entry("100755", "a", 1) + entry("40000", "a.b", 0) + entry("120000", "b", 0x20)
        let id = try CommitID("00ff" + String(repeating: "0a", count: 18))
        let expected =
            Array("100755 a\0".utf8) + id.bytes + entry("40000", "a.b", 0) + entry("120000", "b", 0x20)
        #expect(TreeObject.replacing("a", by: id, in: bytes) == expected)
        #expect(id.bytes.prefix(3) == [0, 0xff, 0x0a] && id.bytes.count == 20)
        #expect(TreeObject.replacing("c", by: id, in: bytes) == nil)
        #expect(TreeObject.replacing("b", by: id, in: Array(bytes.dropLast())) == nil)
    }
}
