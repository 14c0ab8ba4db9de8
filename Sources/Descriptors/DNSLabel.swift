import Documents

/// Names that Kubernetes takes for workloads, containers and namespaces: at most 63 lower-case letters, digits and dashes,
/// beginning and ending with a letter or digit.
///
/// Source of the rule: RFC 1123 as Kubernetes' `IsDNS1123Label` reads it.
public enum DNSLabel {
    public static let code = "invalid-name"

    /// What is wrong with `name` and what to do, or nil where it is a label.
    public static func problem(with name: String) -> (message: String, hint: String)? {
        let bytes = name.utf8
        let rule = "A name has lower-case letters, digits and dashes, and begins and ends with a letter or digit"
        guard let first = bytes.first, let last = bytes.last else { return ("a name is empty", rule) }
        if let odd = name.unicodeScalars.first(where: { !isAllowed($0) }) {
            if odd.value >= 0x41, odd.value <= 0x5A {
                return ("\(quoted(name)) has upper-case letters", "Write \(quoted(name.lowercased()))")
            }
            return ("\(quoted(name)) holds \(quoted(String(Character(odd))))", rule)
        }
        if first == UInt8(ascii: "-") || last == UInt8(ascii: "-") {
            return ("\(quoted(name)) begins or ends with a dash", rule)
        }
        if bytes.count > 63 {
            return ("\(quoted(name)) has \(bytes.count) characters", "Kubernetes allows at most 63 in such a name")
        }
        return nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "0"..."9", "-": true
        default: false
        }
    }

    private static func quoted(_ text: String) -> String { TerminalText.quoted(text, limit: 80) }
}
