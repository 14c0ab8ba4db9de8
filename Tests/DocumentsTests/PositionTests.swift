import Documents
import Testing

/// A later feature replaces only the bytes of one value, so the offsets of nodes must be exact in every kind of text.
@Suite struct PositionTests {
    /// Each file holds `target` once as a value, written as `source`.
    @Test(arguments: [
        // Plain, quoted, and where multi-byte text stands before it on the line and on lines before.
        ("a: target\n", "target"), ("a: 'target'\n", "'target'"), ("a: \"target\" # c\n", "\"target\""),
        ("# Größe 尺寸 😀\né: target", "target"), ("{\"😀😀\": [ü, target]}", "target"),
        // Line endings: CRLF, CR alone, and none at the end.
        ("x: 1\r\n\r\na: target\r\nb: 2\r\n", "target"), ("x: 1\ra: target\r", "target"), ("a: target", "target"),
        // A byte order mark counts as bytes and not as a column.
        ("\u{FEFF}a: target\r\n", "target"), ("\u{FEFF}# ü\r\n- [😀, 'target']\r\n", "'target'"),
        // Quoted text over several lines before it, whose breaks libyaml counts elsewhere in its source.
        ("x: \"1\r\n  2\\\r\n  ü\"\r\na: target", "target"), ("x: |\r\n  1\r\n  ü\r\n\r\na: target", "target"),
        ("x: 'a\r\n\r\n  ü'\r\ny: b\r\n  c\r\na: target", "target"), ("x: >-\n  ü\n\n  u\na: target\n", "target"),
    ])
    func offsetsCoverExactlyTheValue(text: String, source: String) throws {
        let bytes = Array(text.utf8)
        let root = try YAML.parse(bytes, file: "f")
        let node = try #require(find(root))
        #expect(String(decoding: bytes[node.start.offset..<node.end.offset], as: UTF8.self) == source)
        #expect(node.start == place(of: node.start.offset, in: text))
        #expect(node.end == place(of: node.end.offset, in: text))
    }

    /// Far into a file the offset is found from a checkpoint and not from the last answer.
    @Test func offsetsStayExactInLongMultiByteText() throws {
        let text = (0..<500).map { "kü\($0): \"😀é\($0)\" # 尺寸\r\n" }.joined()
        let bytes = Array(text.utf8)
        let entries = try #require(YAML.parse(bytes, file: "f").entries)
        #expect(entries.count == 500)
        for (index, entry) in entries.enumerated() {
            let key = bytes[entry.key.start.offset..<entry.key.end.offset]
            let value = bytes[entry.value.start.offset..<entry.value.end.offset]
            #expect(String(decoding: key, as: UTF8.self) == "kü\(index)")
            #expect(String(decoding: value, as: UTF8.self) == "\"😀é\(index)\"")
            #expect(entry.value.start.line == index + 1)
        }
    }

    /// Collections end where their text ends: flow ones behind the bracket, block ones behind their last child.
    @Test(arguments: [
        ("a: [1, 2] # c\nb: 1\n", "[1, 2]"), ("a: {x: 1}\n", "{x: 1}"),
        ("a:\n  - 1\n  - 2\n\n# c\nb: 1\n", "- 1\n  - 2"),
        ("a:\n  x: 1\n  y:\n    - 2\n\nb: 1\n", "x: 1\n  y:\n    - 2"), ("a: []\n", "[]"),
    ])
    func collectionsEndWithTheirText(text: String, source: String) throws {
        let bytes = Array(text.utf8)
        let node = try #require(YAML.parse(bytes, file: "f")["a"])
        #expect(String(decoding: bytes[node.start.offset..<node.end.offset], as: UTF8.self) == source)
    }

    private func find(_ node: Node) -> Node? {
        switch node.content {
        case .scalar(let scalar): scalar.text == "target" ? node : nil
        case .sequence(let items): items.lazy.compactMap(find).first
        case .mapping(let entries): entries.lazy.compactMap { find($0.value) }.first
        }
    }

    /// Counted anew, with the standard library only.
    private func place(of offset: Int, in text: String) -> Position {
        var before = String(decoding: Array(text.utf8)[..<offset], as: UTF8.self).unicodeScalars
        if before.first == "\u{FEFF}" { before.removeFirst() }
        var line = 1
        var column = 1
        var last: Unicode.Scalar?
        for scalar in before {
            if scalar == "\n" {
                if last != "\r" { line += 1 }
                column = 1
            } else if scalar == "\r" {
                line += 1
                column = 1
            } else {
                column += 1
            }
            last = scalar
        }
        return Position(line: line, column: column, offset: offset)
    }
}

/// Where libyaml's own marks mislead, the place of an error is still the one an editor shows.
@Suite struct ErrorPositionTests {
    @Test(arguments: [
        // libyaml counts a newline at the end of a file that has none.
        ("[", "yaml-syntax", "1:2"), ("{\"a\": [1", "yaml-syntax", "1:9"), ("[\n", "yaml-syntax", "2:1"),
        // It notices an open quote at the end of the file only, and a missing colon on the next line.
        ("a: 1\nb: \"x\ny\n", "yaml-syntax", "2:4"), ("a:\n  b: 1\n  c\n  d: 1\n", "yaml-syntax", "3:3"),
        // The first tab of the indentation, behind spaces too.
        ("a:\n\tb: 1\n", "tab-indentation", "2:1"), ("a:\n  b: 1\n  \tc: 1\n", "tab-indentation", "3:3"),
        // Lines end with CR alone, too.
        ("a: 1\rb: [\r", "yaml-syntax", "3:1"), ("a: 1\r<<<<<<< HEAD\n[", "merge-conflict", "2:1"),
        ("a: 1\r\n<<<<<<< HEAD\r\nb: 1\r\n", "merge-conflict", "2:1"),
    ])
    func errorsStandWhereAnEditorShowsThem(text: String, code: String, place: String) throws {
        let error = try #require(throws: Refused.self) { try YAML.parse(Array(text.utf8), file: "f") }
        #expect(error.diagnostics.map(\.code) == [code])
        #expect(error.diagnostics.first?.position?.description == place)
    }
}
