/// What stands between the names and the key of an allowed signer: `namespaces="git",valid-before=20301231Z`.
///
/// Source: ssh-keygen(1), “ALLOWED SIGNERS”; keywords in any case, values in double quotes, none twice.
struct SignerOptions {
    var isAuthority = false
    var namespaces: SignerPatterns?
    var validAfter: Int64?
    var validBefore: Int64?

    /// What is wrong, and how many bytes into the text.
    struct Problem: Error {
        let code: String
        let offset: Int
        let message: String
        let hint: String?
    }

    init() {}

    init(_ text: String, localTime: (SignerTime) -> Int64?) throws(Problem) {
        var offset = 0
        var seen: Set<String> = []
        for option in Self.split(text) {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].lowercased()
            guard seen.insert(name).inserted else {
                throw Problem(
                    code: "signers-option", offset: offset, message: "the option \(name) stands twice",
                    hint: "Remove one of them")
            }
            let value = parts.count > 1 ? Self.unquoted(parts[1]) : nil
            switch (name, value) {
            case ("cert-authority", nil) where parts.count == 1: isAuthority = true
            case ("namespaces", let list?):
                guard let patterns = SignerPatterns(list) else {
                    throw Problem(
                        code: "signers-option", offset: offset, message: "namespaces has an empty name in it", hint: nil
                    )
                }
                namespaces = patterns
            case ("valid-after", let time?): validAfter = try Self.time(time, offset, localTime)
            case ("valid-before", let time?): validBefore = try Self.time(time, offset, localTime)
            default:
                throw Problem(
                    code: "signers-option", offset: offset,
                    message: "“\(printable(String(option), limit: 60))” is neither an option nor a type of key",
                    hint: "Options are cert-authority, namespaces=\"…\", valid-after=\"…\" and valid-before=\"…\"")
            }
            offset += option.utf8.count + 1
        }
        if let validAfter, let validBefore, validAfter >= validBefore {
            throw Problem(
                code: "signers-option", offset: 0, message: "valid-before is not later than valid-after", hint: nil)
        }
    }

    /// At commas outside of double quotes.
    private static func split(_ text: String) -> [Substring] {
        var isQuoted = false
        var isEscaped = false
        return text.split(omittingEmptySubsequences: false) { character in
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && isQuoted && !isEscaped
            return character == "," && !isQuoted
        }
    }

    /// - Returns: nil for quotes that don't stand around the whole, and for nothing at all.
    private static func unquoted(_ text: Substring) -> String? {
        guard text.hasPrefix("\"") else { return text.isEmpty || text.contains("\"") ? nil : String(text) }
        guard text.utf8.count > 2, text.hasSuffix("\"") else { return nil }
        let inner = text.dropFirst().dropLast().replacing("\\\"", with: "\u{0}")
        return inner.contains("\"") ? nil : String(inner.replacing("\u{0}", with: "\""))
    }

    private static func time(
        _ text: String, _ offset: Int, _ localTime: (SignerTime) -> Int64?
    ) throws(Problem) -> Int64 {
        guard let time = SignerTime(text), let seconds = time.isUTC ? time.utc : localTime(time) else {
            throw Problem(
                code: "signers-time", offset: offset,
                message: "“\(printable(text, limit: 40))” is not a time that a key can be valid from or to",
                hint: "Write it as YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z behind it for UTC")
        }
        return seconds
    }
}
