import FoundationEssentials

/// Times as the API writes them: RFC 3339 in UTC, in whole seconds.
enum Timestamp {
    static func now() -> String { text(Date()) }

    static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
