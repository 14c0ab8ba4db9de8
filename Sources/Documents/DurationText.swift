/// Durations as Go and kubectl write them: `90s`, `10m`, `1h30m`, `1.5h`.
///
/// Source of the rule: Go's `time.ParseDuration`, without the sign: nothing that Descry waits for is negative.
public enum DurationText {
    /// The duration that `text` means: longer than nothing, and at most Go's 2⁶³-1 nanoseconds (about 292 years).
    public static func parse(_ text: String) throws(DurationTextError) -> Duration {
        guard !text.isEmpty else { throw DurationTextError(message: "a duration is missing") }
        guard text.utf8.count <= 64 else { throw DurationTextError(message: "this duration is too long to be one") }
        var rest = Substring(text)
        if let sign = rest.first, sign == "-" || sign == "+" {
            throw DurationTextError(message: "a duration has no sign")
        }
        var total: Int64 = 0
        while !rest.isEmpty {
            let nanoseconds = try takePart(&rest, of: text)
            let (sum, overflow) = total.addingReportingOverflow(nanoseconds)
            guard !overflow else { throw .tooLong(text) }
            total = sum
        }
        guard total > 0 else { throw DurationTextError(message: "a duration must be longer than nothing") }
        return .nanoseconds(total)
    }

    /// The shortest text that ``parse(_:)`` reads as this duration, such as `1h30m`; below a nanosecond is cut off.
    public static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var text = ""
        if seconds >= 3600 { text += "\(seconds / 3600)h" }
        if seconds % 3600 >= 60 { text += "\(seconds % 3600 / 60)m" }
        if seconds % 60 > 0 { text += "\(seconds % 60)s" }
        let nanoseconds = attoseconds / 1_000_000_000
        for (unit, size) in [("ms", Int64(1_000_000)), ("us", 1_000), ("ns", 1)] where nanoseconds > 0 {
            guard nanoseconds % size == 0 else { continue }
            text += "\(nanoseconds / size)\(unit)"
            break
        }
        return text.isEmpty ? "0s" : text
    }

    private static let units: [String: Int64] = [
        "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
        "h": 3_600_000_000_000,
    ]

    /// One number with its unit.
    private static func takePart(_ rest: inout Substring, of text: String) throws(DurationTextError) -> Int64 {
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction: Substring = ""
        if rest.first == "." {
            fraction = rest.dropFirst().prefix(while: isDigit)
            rest = rest.dropFirst(fraction.count + 1)
        }
        guard !whole.isEmpty || !fraction.isEmpty else {
            throw DurationTextError(message: "\(TerminalText.quoted(text)) is not a duration")
        }
        let unit = String(rest.prefix { $0 != "." && !isDigit($0) })
        rest = rest.dropFirst(unit.count)
        guard !unit.isEmpty else {
            throw DurationTextError(message: "\(TerminalText.quoted(text)) has no unit")
        }
        guard let size = units[unit] else {
            throw DurationTextError(
                message: "\(TerminalText.quoted(unit)) in \(TerminalText.quoted(text)) is not a unit of time")
        }
        guard let number = whole.isEmpty ? 0 : Int64(whole),
            case let (value, overflow) = number.multipliedReportingOverflow(by: size),
            !overflow
        else { throw .tooLong(text) }
        let (sum, tooMuch) = value.addingReportingOverflow(nanoseconds(fraction, of: size))
        guard !tooMuch else { throw .tooLong(text) }
        return sum
    }

    /// `size` times 0.`fraction`, cut off below a nanosecond.
    private static func nanoseconds(_ fraction: Substring, of size: Int64) -> Int64 {
        var scale = size
        var sum: Int64 = 0
        var remainder: Int64 = 0
        for digit in fraction {
            // Carries what an integer division would lose, so that 1.0000000001h is exact to the nanosecond.
            let value = Int64(digit.wholeNumberValue ?? 0) * scale
            sum += value / 10
            remainder += value % 10
            scale /= 10
            if scale == 0 { break }
        }
        return sum + remainder / 10
    }

    private static func isDigit(_ character: Character) -> Bool {
        character >= "0" && character <= "9" && character.isASCII
    }
}

/// Why a text is not a duration.
public struct DurationTextError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Stable code for a ``Diagnostic``.
    public static let code = "invalid-duration"

    public let message: String
    public let hint = "Write it like 90s, 10m or 1h30m; units are h, m, s, ms, us and ns"

    init(message: String) {
        self.message = message
    }

    static func tooLong(_ text: String) -> DurationTextError {
        DurationTextError(message: "\(TerminalText.quoted(text)) is longer than 292 years")
    }

    public var description: String { "\(message). \(hint)." }
}
