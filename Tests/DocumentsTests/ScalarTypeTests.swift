import Documents
import Testing

@Suite struct ScalarTypeTests {
    @Test(arguments: [
        // Null and booleans: YAML 1.1 has more words for them than 1.2, and readers of both are in use.
        ("", ScalarType.null), ("~", .null), ("null", .null), ("NULL", .null), ("nuLL", .string), ("true", .boolean),
        ("yes", .boolean), ("Off", .boolean), ("n", .boolean), ("oN", .string), ("none", .string),
        // Integers: decimal, with separators, in other bases, in base 60.
        ("0", .integer), ("-12", .integer), ("+1_000", .integer), ("0x1F", .integer), ("0o17", .integer),
        ("0b101", .integer), ("017", .integer), ("1:30", .integer), ("0x", .string), ("0b12", .string), ("-", .string),
        // Floats. A hash of digits with one e is one, too.
        ("1.1", .float), (".5", .float), ("1.", .float), ("1e3", .float), ("12345e67", .float), ("-1.5E-3", .float),
        (".inf", .float), ("-.INF", .float), (".NaN", .float), ("1e", .string), (".", .string), ("1.1.0", .string),
        // Dates.
        ("2026-11-21", .timestamp), ("2026-1-2T10:00:00Z", .timestamp), ("2026-11", .string), ("2026-11-21x", .string),
        // What descriptors are full of.
        ("1.1.0-rc-020c8bb", .string), ("backend", .string), ("10m", .string), ("-a", .string), ("é", .string),
    ])
    func plainTextIsWhatAnyReaderTakesItFor(text: String, type: ScalarType) {
        #expect(Scalar(text: text, isPlain: true).type == type)
        #expect(Scalar(text: text, isPlain: false).type == .string)
    }
}
