import Documents
import Testing

/// The decoder that descriptors, environment files and kubeconfigs share.
@Suite struct FieldsTests {
    @Test func readsTypedFields() throws {
        let document = document("s: text\nq: \"1\"\nt: true\nf: false\nl: [a, b]\nm: {x: z}\n")
        let fields = try fields(document)
        #expect(fields.string("s") == "text")
        #expect(fields.string("q") == "1")
        #expect(fields.bool("t") == true)
        #expect(fields.bool("f") == false)
        #expect(fields.items("l")?.map(\.scalar?.text) == ["a", "b"])
        #expect(fields.fields("m")?.string("x") == "z")
        #expect(fields.names == ["s", "q", "t", "f", "l", "m"])
        #expect(fields.string("absent") == nil)
        #expect(document.diagnostics.isEmpty)
        try document.finish()
    }

    /// One run reports everything: the reader's own findings and the decoder's.
    @Test func collectsEveryProblem() throws {
        let document = document("s: 1\nb: maybe\nl: x\nm: []\nu: &a 1\n")
        let fields = try fields(document, known: ["s", "b", "l", "m", "n"])
        #expect(fields.string("s") == nil)
        #expect(fields.bool("b") == nil)
        #expect(fields.items("l") == nil)
        #expect(fields.fields("m") == nil)
        #expect(fields.required("n") == nil)
        let error = #expect(throws: Refused.self) { try document.finish() }
        #expect(
            error?.diagnostics.map(\.code) == [
                "missing-field", "wrong-type", "wrong-type", "wrong-type", "wrong-type", "unknown-field", "yaml-anchor",
            ])
    }

    /// What the reader refused is not reported a second time by the decoder.
    @Test func refusedValuesAreReportedOnce() throws {
        let document = document("s: *a\nl: *a\n*a : 1\n")
        let fields = try fields(document, known: ["s", "l"])
        #expect(fields.required("s").flatMap { document.string($0, field: "s") } == nil)
        #expect(fields.items("l") == nil)
        #expect(document.diagnostics.map(\.code) == ["yaml-alias", "yaml-alias", "yaml-alias"])
    }

    @Test func withoutKnownNamesOthersArePassedOver() throws {
        let document = document("a: 1\nextension: {b: c}\n")
        _ = try fields(document)
        #expect(document.diagnostics.isEmpty)
    }

    @Test func warningsDoNotRefuse() throws {
        let document = document("a: 1\n")
        document.warning("odd", at: Position(line: 1, column: 1, offset: 0), "odd")
        try document.finish()
        #expect(document.diagnostics.map(\.severity) == [.warning])
    }

    /// A hidden value is left out of diagnostics that were reported before it was known to be secret, too.
    @Test func hiddenLinesStayHidden() throws {
        let document = document("{a: &x 1, b: [hunter2,\n hunter3]}")
        #expect(document.diagnostics.map(\.sourceLine) == ["{a: &x 1, b: [hunter2,"])
        document.hideSource(of: try #require(document.root?["b"]))
        document.error("after", at: try #require(document.root?["b"]?.items?.last), "on the last line of it")
        #expect(document.diagnostics.map(\.sourceLine) == [nil, nil])
    }

    private func fields(_ document: Document, known: [String]? = nil) throws -> Fields {
        let root = try #require(document.root)
        return try #require(Fields(root, of: "a test", known: known, in: document))
    }

    private func document(_ text: String) -> Document { Document(Array(text.utf8), file: "f") }
}
