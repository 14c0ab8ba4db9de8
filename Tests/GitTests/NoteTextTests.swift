import Testing

@testable import Git

/// What stands in a note after another paragraph: a bounded number of them, each whole.
@Suite struct NoteTextTests {
    @Test(arguments: [
        ("", "c\n", 100, "c\n"), ("a\n", "c\n", 100, "a\n\nc\n"), ("a", "c\n", 100, "a\n\nc\n"),
        // The oldest gives way, as a whole, and the new one never.
        ("a\n\nb\n", "c\n", 7, "b\n\nc\n"), ("a\n\nb\n", "c\n", 8, "a\n\nb\n\nc\n"), ("aaaa\n", "c\n", 4, "c\n"),
        ("a\n\nb\n", "cccccccccc\n", 4, "cccccccccc\n"),
    ])
    func `paragraphs follow each other`(_ old: String, _ new: String, _ limit: Int, _ expected: String) {
        let note = GitRepository.note(Array(old.utf8), with: Array(new.utf8), limit: limit)
        #expect(String(decoding: note, as: UTF8.self) == expected)
    }
}
