/// How a text is written as the value of a key, in YAML that Descry makes.
public enum ScalarText {
    /// Plain where every YAML reader takes that for the same text, else in double quotes.
    public static func yaml(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// Letters, digits and the few marks of names, versions, paths and URLs, which mean nothing to YAML without a blank beside
    /// them.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last,
            isAlphanumeric(first) || "/.".utf8.contains(first),
            last != UInt8(ascii: ":"), text.utf8.allSatisfy({ isAlphanumeric($0) || "-._/@:+~".utf8.contains($0) })
        else { return false }
        return Scalar(text: text, isPlain: true).type == .string
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }

    /// By the rules of JSON, which are a part of YAML's.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count)
                    + String(scalar.value, radix: 16)
            default: String(Character(scalar))
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
