import FoundationEssentials

/// The JSON output of every command: sorted keys, ISO 8601 times, one line feed at the end.
public enum JSONReport {
    /// - Throws: `EncodingError` for a number that JSON cannot hold; no report contains one.
    public static func render(_ report: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
