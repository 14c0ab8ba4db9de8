import Descriptors
import Documents
import Reconciling
import Testing

/// Which versions are asked for, from arguments and files.
@Suite struct RequestedVersionsTests {
    private static let one = "1.0.0-rc-0123456"
    private static let two = "2.0.0-release-89abcde"

    private static func file(_ text: String) throws -> [String: String] {
        var requested = RequestedVersions()
        try requested.add(Array(text.utf8), file: "versions")
        return requested.versions.mapValues(\.text)
    }

    private static func refused(_ body: () throws -> Void) throws -> [Diagnostic] {
        do { try body() } catch let error as Refused { return error.diagnostics }
        return []
    }

    @Test func `arguments name an app and a version each`() throws {
        var requested = RequestedVersions()
        try requested.add(arguments: ["a=\(Self.one)", "b=\(Self.two)", "a=\(Self.one)"])
        #expect(requested.versions.mapValues(\.text) == ["a": Self.one, "b": Self.two])
        let problems = try Self.refused {
            try requested.add(arguments: ["a", "=\(Self.one)", "c=latest", "a=\(Self.two)", "d=\(Self.one)"])
        }
        #expect(
            problems.map(\.code) == ["invalid-assignment", "invalid-assignment", "version-numbers", "contradiction"])
        #expect(problems.map(\.file) == ["a", "=\(Self.one)", "c=latest", "a=\(Self.two)"])
    }

    /// Lines and both forms of JSON.
    @Test(arguments: [
        "a=\(one)\nb=\(two)", "# comment\r\n\r\n  a = \(one)  \r\n\tb=\(two)\r\n",
        "{\"a\": \"\(one)\", \"b\": \"\(two)\"}",
        " [{\"name\": \"a\", \"version\": \"\(one)\"},\n {\"version\": \"\(two)\", \"name\": \"b\"}]",
        "a=\(one)\nb=\(two)\na=\(one)\n",
    ])
    func `a file names them in lines or as JSON`(_ text: String) throws {
        #expect(try Self.file(text) == ["a": Self.one, "b": Self.two])
    }

    private static let badFiles: [(String, [(line: Int, code: String)])] = [
        (
            "a=\(one)\n\nb\nc=v1.0.0-rc-0123456\na=\(two)",
            [(3, "invalid-assignment"), (4, "version-prefix"), (5, "contradiction")]
        ),
        ("a=\(one)\r\nb\r\n", [(2, "invalid-assignment")]), ("\n# nothing\n", [(0, "no-versions")]),
        ("", [(0, "no-versions")]),
        ("[]", [(0, "no-versions")]), ("{\"a\": 1}", [(1, "wrong-type")]),
        ("{\"a\": \"latest\"}", [(1, "version-numbers")]),
        ("[{\"name\": \"a\"}, {\"nam\": \"b\"}]", [(1, "missing-field"), (1, "missing-field"), (1, "unknown-field")]),
        (
            "[{\"name\": \"a\", \"version\": \"\(one)\"},\n{\"name\": \"a\", \"version\": \"\(two)\"}]",
            [(2, "contradiction")]
        ),
        ("{\"a\": \"\(one)\", \"a\": \"\(one)\"}", [(1, "duplicate-key")]),
    ]

    /// Every problem in one run, with its line.
    @Test(arguments: badFiles)
    func `a file's problems are told with their places`(_ text: String, _ expected: [(line: Int, code: String)]) throws
    {
        let problems = try Self.refused { _ = try Self.file(text) }
        #expect(problems.map(\.code) == expected.map(\.code), "\(problems)")
        #expect(problems.map { $0.position?.line ?? 0 } == expected.map(\.line), "\(problems)")
    }
}
