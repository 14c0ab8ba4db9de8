/// Text from files made safe for terminals and logs.
///
/// A file name, a key or a value may hold escape sequences that move the cursor, or marks that reverse the direction of
/// writing (CVE-2021-42574); shown raw, they could make a refusal look like a success.
public enum TerminalText {
    /// `text` with every character that a terminal would act upon written as `\u{1B}`.
    public static func escaped(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ !isActive($0) }) { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            result += isActive(scalar) ? escape(scalar) : String(Character(scalar))
        }
    }

    /// `text` in double quotes for a message, at most `limit` Unicode scalars of it.
    public static func quoted(_ text: String, limit: Int = 60) -> String {
        let scalars = text.unicodeScalars
        guard let cut = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            cut != scalars.endIndex
        else { return "\"\(text)\"" }
        return "\"\(String(scalars[..<cut]))…\""
    }

    /// What to print for one scalar of a source line, and how many columns it takes.
    static func cell(_ scalar: Unicode.Scalar) -> (shown: String, width: Int) {
        if scalar == "\t" { return ("    ", 4) }
        if isActive(scalar) {
            let shown = escape(scalar)
            return (shown, shown.utf8.count)
        }
        return (String(Character(scalar)), width(scalar))
    }

    private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    }

    /// Columns on a terminal: Unicode's East Asian Width (UAX #11) W and F and emoji take two, combining marks none.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return wideRanges.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
