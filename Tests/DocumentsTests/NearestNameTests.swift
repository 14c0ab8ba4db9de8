import Documents
import Testing

@Suite struct NearestNameTests {
    static let known = ["name", "version", "kind", "container", "image", "after", "timeout"]

    @Test(
        arguments: [
            // One slip: a letter swapped, left out, doubled, replaced; another case; another separator.
            ("vesrion", "version"), ("verson", "version"), ("verrsion", "version"), ("bersion", "version"),
            ("VERSION", "version"), ("time-out", "timeout"), ("containers", "container"), ("nme", "name"),
            // Nothing near it: a wrong guess is worse than none.
            ("replicas", nil), ("x", nil), ("", nil), ("strategy", nil), ("tag", nil),
            (String(repeating: "version", count: 1000), nil),
        ] as [(String, String?)])
    func findsSlipsOnly(name: String, expected: String?) {
        #expect(NearestName.of(name, among: Self.known) == expected)
    }
}
