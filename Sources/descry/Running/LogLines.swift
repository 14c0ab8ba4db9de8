import ArgumentParser
import Documents
import FoundationEssentials
import Logging
import Reconciling

/// `--log-format`.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case json
    case text
}

/// Writes each entry as one line: a JSON object, or text for a person.
///
/// Times are UTC with milliseconds. Keys are sorted, so that two lines can be compared; no value spans lines.
struct LogLines: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    let format: LogFormat
    let write: @Sendable (String) -> Void
    let now: @Sendable () -> Date

    init(
        _ format: LogFormat, provider: Logger.MetadataProvider? = PassID.metadata,
        now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void = { OutputStream.standardOutput.write($0) }
    ) {
        self.format = format
        self.now = now
        self.write = write
        metadataProvider = provider
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let provided = metadataProvider?.get() ?? [:]
        let facts = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
        switch format {
        case .json: write(json(event, facts))
        case .text: write(text(event, facts))
        }
    }

    private func json(_ event: LogEvent, _ facts: Logger.Metadata) -> String {
        var fields = facts.mapValues(LogValue.init)
        // A fact of one of these names would hide what the line is.
        fields["time"] = .text(time)
        fields["level"] = .text(event.level.rawValue)
        fields["message"] = .text(event.message.description)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(fields), as: UTF8.self) + "\n"
        } catch {
            return "{\"level\":\"error\",\"message\":\"A log entry cannot be written as JSON\"}\n"
        }
    }

    private func text(_ event: LogEvent, _ facts: Logger.Metadata) -> String {
        let pairs = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\(TerminalText.escaped("\($0.value)"))" }
        let words = [time, event.level.rawValue, TerminalText.escaped(event.message.description)] + pairs
        return words.joined(separator: " ") + "\n"
    }

    private var time: String {
        now().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

/// A fact in JSON.
private enum LogValue: Encodable {
    case text(String)
    case list([LogValue])
    case map([String: LogValue])

    init(_ value: Logger.MetadataValue) {
        self =
            switch value {
            case .string(let text): .text(text)
            case .stringConvertible(let value): .text(value.description)
            case .array(let values): .list(values.map(LogValue.init))
            case .dictionary(let values): .map(values.mapValues(LogValue.init))
            }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .list(let values): try container.encode(values)
        case .map(let values): try container.encode(values)
        }
    }
}
