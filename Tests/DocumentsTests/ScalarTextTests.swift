import Documents
import Testing

/// What Descry writes into YAML is read back as the same text, and as text.
@Suite struct ScalarTextTests {
    /// Names, versions, paths and URLs stay readable.
    @Test(arguments: [
        "backend", "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343", "nexus.example.com:32554/shop",
        "https://git.example.com/shop/deployments.git", "git@git.example.com:shop/d.git", "../deployments.git",
        "/srv/git/d.git", "team/frontend",
    ])
    func `what means nothing to YAML is written plainly`(_ text: String) throws {
        #expect(ScalarText.yaml(text) == text)
        #expect(try readBack(text) == text)
    }

    /// Numbers, booleans, dates, null, YAML's own marks, and characters that no terminal shows.
    @Test(arguments: [
        "", "no", "true", "null", "~", "123", "1e3", "0x1f", "12:30", "2026-11-21", "1.5", ".5", ".inf", "- a", "a: b",
        "a #b", "#", "&a", "*a", "!t", "{a}", "[a]", "a,b", "@a", "`a", "a:", "'a'", "\"a\"", "a\\b", "a b", " a",
        "a\nb",
        "a\tb", "ü", "arn:aws:eks:eu-central-1:1:cluster/shop ", "C:\\git", "%a", "?", "-",
    ])
    func `everything else is quoted`(_ text: String) throws {
        #expect(ScalarText.yaml(text).hasPrefix("\""))
        #expect(try readBack(text) == text)
    }

    private func readBack(_ text: String) throws -> String? {
        let node = try YAML.parse(Array("key: \(ScalarText.yaml(text))\n".utf8), file: "f")
        guard case .scalar(let scalar) = node["key"]?.content, scalar.type == .string else { return nil }
        return scalar.text
    }
}
