import Documents
import Testing

/// Input made to exhaust a reader is refused by the first thing that is too much, without reading on.
@Suite struct LimitTests {
    @Test(arguments: [
        // Nesting, in every way that YAML has; refused at level 33 while events arrive, so nothing can overflow.
        (String(repeating: "[", count: 3_000) + String(repeating: "]", count: 3_000), "too-deep"),
        (String(repeating: "{a: ", count: 3_000) + String(repeating: "}", count: 3_000), "too-deep"),
        (String(repeating: "- ", count: 3_000) + "x", "too-deep"), (String(repeating: "? ", count: 3_000), "too-deep"),
        ((0..<3_000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(), "too-deep"),
        (String(repeating: "[", count: 1 << 20), "too-deep"),
    ])
    func deepNesting(text: String, code: String) {
        #expect(codes(text) == [code])
    }

    @Test func thirtyTwoLevelsAreRead() throws {
        let text = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(try YAML.parse(Array(text.utf8), file: "f").items?.count == 1)
    }

    /// The billion laughs: every alias is refused where it stands, and none is ever expanded.
    @Test func aliasBomb() {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (name, next) in zip("abcdefgh", "bcdefghi") {
            text += "\(next): &\(next) [" + Array(repeating: "*\(name)", count: 9).joined(separator: ", ") + "]\n"
        }
        let found = codes(text)
        #expect(found.count == 9 + 8 * 9)
        #expect(Set(found) == ["yaml-anchor", "yaml-alias"])
    }

    @Test func fileSizeIsBounded() throws {
        let limit = YAMLLimits.descriptor.maxBytes
        #expect(limit == 8 << 20)
        let comment = [UInt8](repeating: UInt8(ascii: "#"), count: limit - 1) + Array("\na".utf8)
        #expect(codes(comment) == ["file-too-large"])
        #expect(try YAML.parse(Array(comment.dropFirst()), file: "f").scalar?.text == "a")
    }

    /// Two bytes make a node, so the size of the file alone does not bound memory.
    @Test func numberOfNodesIsBounded() {
        let limits = YAMLLimits(maxNodes: 100)
        let found = codes(Array(("[" + String(repeating: "a,", count: 200) + "]").utf8), limits: limits)
        #expect(found == ["too-many-nodes"])
    }

    /// Beyond 10,000 diagnostics they are only counted, and a terminal gets 100.
    @Test func diagnosticsAreBounded() throws {
        let text = (0..<12_000).map { _ in "- &a x\n" }.joined()
        let error = try #require(throws: Refused.self) { try YAML.parse(Array(text.utf8), file: "f") }
        #expect(error.diagnostics.count == 10_001)
        #expect(error.diagnostics.last?.code == "too-many-problems")
        #expect(error.diagnostics.last?.message == "2000 more problems are not listed")
        #expect(error.description.hasSuffix("\nand 9901 more"))
        #expect(error.description.split(separator: "\n").count == 301)
    }

    private func codes(_ text: String) -> [String] { codes(Array(text.utf8)) }

    private func codes(_ bytes: [UInt8], limits: YAMLLimits = .descriptor) -> [String] {
        Document(bytes, file: "f", limits: limits).diagnostics.map(\.code)
    }
}
