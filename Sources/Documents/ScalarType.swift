/// What a YAML reader takes a scalar for.
///
/// The union of YAML 1.1's types (yaml.org/type) and YAML 1.2's core schema is used: where any common reader would see
/// something else than a string, other tools that read the same file would, too, so the text must be quoted.
public enum ScalarType: String, Sendable, Hashable {
    case null
    case boolean
    case integer
    case float
    case timestamp
    case string

    /// With its article, for messages.
    public var phrase: String {
        switch self {
        case .null: "empty (null)"
        case .boolean: "a boolean"
        case .integer, .float: "a number"
        case .timestamp: "a date"
        case .string: "a string"
        }
    }
}

extension Scalar {
    /// Quoted text is always a string.
    public var type: ScalarType {
        guard isPlain else { return .string }
        guard let first = text.utf8.first else { return .null }
        if Self.nulls.contains(text) { return .null }
        if text.utf8.count <= 5, Self.booleans.contains(text) { return .boolean }
        // Every number and date begins with one of these: nearly all strings are decided here.
        guard isDigit(first) || first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || first == UInt8(ascii: ".")
        else { return .string }
        var copy = text
        return copy.withUTF8 { PlainNumber.type(of: $0) }
    }

    private static let nulls: Set<String> = ["~", "null", "Null", "NULL"]
    private static let booleans: Set<String> = [
        "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON",
        "off", "Off", "OFF", "y", "Y", "n", "N",
    ]
}

/// The numeric forms of YAML 1.1 and 1.2.
private enum PlainNumber {
    static func type(of text: UnsafeBufferPointer<UInt8>) -> ScalarType {
        if isTimestamp(text) { return .timestamp }
        var body = text[...]
        if body.first == UInt8(ascii: "-") || body.first == UInt8(ascii: "+") { body = body.dropFirst() }
        if isWord(body, ".inf") || isWord(body, ".nan") { return .float }
        if isInteger(body) { return .integer }
        return isFloat(body) ? .float : .string
    }

    private static func isWord(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ word: StaticString) -> Bool {
        text.count == word.utf8CodeUnitCount
            && word.withUTF8Buffer { $0.elementsEqual(text) { $0 == $1 || $0 == $1 | 0x20 } }
    }

    /// `2001-12-14`, alone or followed by a time.
    private static func isTimestamp(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 8, text[4] == UInt8(ascii: "-"), text[..<4].allSatisfy(isDigit) else { return false }
        let parts = text[5...].split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[0].allSatisfy(isDigit) else { return false }
        let day = parts[1].prefix(while: isDigit)
        guard (1...2).contains(day.count) else { return false }
        guard let next = parts[1].dropFirst(day.count).first else { return true }
        return next == UInt8(ascii: "T") || next == UInt8(ascii: "t") || next == UInt8(ascii: " ")
    }

    private static func isInteger(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = text.first, isDigit(first) else { return false }
        if first == UInt8(ascii: "0"), let marker = text.dropFirst().first {
            let digits = text.dropFirst(2)
            switch marker {
            case UInt8(ascii: "x"): return !digits.isEmpty && digits.allSatisfy { isHexDigit($0) || $0 == underscore }
            case UInt8(ascii: "o"): return !digits.isEmpty && digits.allSatisfy(isDigit)
            case UInt8(ascii: "b"):
                return !digits.isEmpty && digits.allSatisfy { $0 == 48 || $0 == 49 || $0 == underscore }
            default: break
            }
        }
        // The colon is YAML 1.1's base 60: 1:30 is 90.
        return text.allSatisfy { isDigit($0) || $0 == underscore || $0 == UInt8(ascii: ":") }
    }

    private static func isFloat(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var sawDigit = false
        var sawDot = false
        var rest = text
        while let byte = rest.first {
            if isDigit(byte) {
                sawDigit = true
            } else if byte == UInt8(ascii: "."), !sawDot {
                sawDot = true
            } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E"), sawDigit {
                var exponent = rest.dropFirst()
                if exponent.first == UInt8(ascii: "-") || exponent.first == UInt8(ascii: "+") {
                    exponent = exponent.dropFirst()
                }
                return !exponent.isEmpty && exponent.allSatisfy(isDigit)
            } else if byte != underscore && byte != UInt8(ascii: ":") {
                return false
            }
            rest = rest.dropFirst()
        }
        return sawDigit && sawDot
    }

    private static let underscore = UInt8(ascii: "_")
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

private func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
}
