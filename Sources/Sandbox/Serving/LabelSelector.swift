/// Requirements on labels, all of which must hold.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.
struct LabelSelector: Sendable, Hashable {
    private enum Requirement: Hashable {
        case exists(String)
        case absent(String)
        case among(String, Set<String>)
        case notAmong(String, Set<String>)
    }

    private var requirements: [Requirement] = []

    /// - Parameter text: `app=shop,tier in (web, api),!legacy`; empty selects everything.
    /// - Throws: `StatusError` 400 where it is no selector.
    init(_ text: String) throws(StatusError) {
        for part in Self.parts(text) { requirements.append(try Self.requirement(part)) }
    }

    func matches(_ object: JSONValue) -> Bool {
        let labels = object["metadata", "labels"]?.strings ?? [:]
        return requirements.allSatisfy { requirement in
            switch requirement {
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            case .among(let key, let values): labels[key].map(values.contains) ?? false
            case .notAmong(let key, let values): labels[key].map { !values.contains($0) } ?? true
            }
        }
    }

    /// Parts at the commas that are not in parentheses.
    private static func parts(_ text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return text.allSatisfy(\.isWhitespace) ? [] : parts.map(trimmed)
    }

    private static func requirement(_ text: String) throws(StatusError) -> Requirement {
        for (sign, isEqual) in [("!=", false), ("==", true), ("=", true)] {
            guard let range = text.firstRange(of: sign) else { continue }
            let key = try label(String(text[..<range.lowerBound]))
            let value = trimmed(String(text[range.upperBound...]))
            guard !value.contains(where: { "=!(), ".contains($0) }) else { throw unreadable(value) }
            return isEqual ? .among(key, [value]) : .notAmong(key, [value])
        }
        if let open = text.firstIndex(of: "("), text.last == ")" {
            let words = text[..<open].split(separator: " ").map(String.init)
            guard words.count == 2, ["in", "notin"].contains(words[1]) else { throw unreadable(text) }
            let inner = text[text.index(after: open)...].dropLast()
            let values = Set(inner.split(separator: ",", omittingEmptySubsequences: false).map { trimmed(String($0)) })
            return words[1] == "in" ? .among(try label(words[0]), values) : .notAmong(try label(words[0]), values)
        }
        return text.hasPrefix("!") ? .absent(try label(String(text.dropFirst()))) : .exists(try label(text))
    }

    private static func label(_ text: String) throws(StatusError) -> String {
        let key = trimmed(text)
        let isAllowed = key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
        guard !key.isEmpty, isAllowed else { throw unreadable(key) }
        return key
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace: (Character) -> Bool = \.isWhitespace
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private static func unreadable(_ text: String) -> StatusError {
        .badRequest("unable to parse requirement: found '\(text)', expected: identifier")
    }
}
