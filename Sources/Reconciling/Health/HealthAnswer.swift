import Documents
import FoundationEssentials

/// What an app answered to the question whether it is well.
///
/// It is well where the status is 2xx, and the body is not a JSON object whose `healthy` is false, and the body contains
/// the text that is expected, where one is.
struct HealthAnswer: Sendable, Hashable {
    /// No more of a body is read, in bytes.
    static let bodyLimit = 64 << 10

    /// The HTTP status.
    let status: Int
    private let text: String
    private let isTruncated: Bool
    private let saysUnhealthy: Bool

    /// - Parameter body: what was read of it. What lies beyond ``bodyLimit`` is not looked at.
    init(status: Int, body: [UInt8]) {
        self.status = status
        text = String(decoding: body.prefix(Self.bodyLimit), as: UTF8.self)
        isTruncated = body.count > Self.bodyLimit
        saysUnhealthy = Self.saysUnhealthy(body)
    }

    /// Why this is no good answer, on one line and with the beginning of the body; nil where it is good.
    ///
    /// - Parameter text: what the body must contain.
    func problem(expecting expected: String?) -> String? {
        if !(200..<300).contains(status) { return "answered \(status)" + quoted }
        if saysUnhealthy { return "answered \(status) and says that it is not healthy" + quoted }
        // What it says about its health may lie in the part that was not read.
        if isTruncated, text.first(where: { !$0.isWhitespace }) == "{" {
            return "answered \(status) with JSON of more than \(Self.bodyLimit / 1024) KiB, which is not read"
        }
        guard let expected, !text.contains(expected) else { return nil }
        return "answered \(status) without \(Self.shown(expected, limit: 60))" + quoted
    }

    /// `healthy` of any other type than a boolean says nothing.
    private static func saysUnhealthy(_ body: [UInt8]) -> Bool {
        struct Health: Decodable {
            let isHealthy: Bool

            enum CodingKeys: String, CodingKey { case isHealthy = "healthy" }
        }
        do {
            return try !JSONDecoder().decode(Health.self, from: Data(body)).isHealthy
        } catch {
            return false  // no JSON object, or one that does not say: the status is all there is to go by
        }
    }

    private var quoted: String {
        let excerpt = Self.shown(text, limit: 200)
        return excerpt == "\"\"" ? "" : ": " + excerpt
    }

    /// In quotes, with every run of white space as one space and nothing that a terminal would act upon.
    private static func shown(_ text: String, limit: Int) -> String {
        // A bounded part is looked at: splitting all of a body for its beginning would be waste.
        let words = text.unicodeScalars.prefix(limit * 8).split(whereSeparator: \.properties.isWhitespace)
        let line = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
        return TerminalText.quoted(TerminalText.escaped(line), limit: limit)
    }
}
