import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import descry

/// Each entry is one line that a machine can read, with the facts of all who know any.
@Suite struct LogLinesTests {
    private final class Sink: Sendable {
        let lines = Mutex<[String]>([])
    }

    private static func lines(_ format: LogFormat, _ log: (Logger) -> Void) -> [String] {
        let sink = Sink()
        var logger = Logger(label: "test") { _ in
            LogLines(
                format, provider: .init { ["reconcileID": "0123456789ab"] },
                now: { Date(timeIntervalSince1970: 1_800_000_000.25) },
                write: { line in sink.lines.withLock { $0.append(line) } })
        }
        logger[metadataKey: "environment"] = "DEV"
        log(logger)
        return sink.lines.withLock { $0 }
    }

    @Test func `a line of JSON has sorted keys, the time, and every fact`() {
        let lines = Self.lines(.json) {
            $0.notice("Put right", metadata: ["apps": ["a", "b"], "message": "hidden", "seconds": "\(1.5)"])
        }
        #expect(
            lines == [
                #"{"apps":["a","b"],"environment":"DEV","level":"notice","message":"Put right","reconcileID":"0123456789ab","#
                    + #""seconds":"1.5","time":"2027-01-15T08:00:00.250Z"}"# + "\n"
            ])
    }

    /// A message from elsewhere must not look like another line.
    @Test(arguments: [LogFormat.json, .text]) func `an entry is one line`(_ format: LogFormat) {
        let lines = Self.lines(format) { $0.error("Refused", metadata: ["reason": "one\ntwo\r\n\u{1b}[31mthree"]) }
        #expect(lines.count == 1)
        #expect(lines.first?.filter(\.isNewline).count == 1 && lines.first?.last == "\n")
        #expect(lines.first?.contains("\u{1b}") == false)
    }

    @Test func `what is less severe than asked for is not written`() {
        let lines = Self.lines(.text) { $0.debug("Polled") }
        #expect(lines.isEmpty)
    }
}
