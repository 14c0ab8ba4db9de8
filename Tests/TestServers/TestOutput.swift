import Logging

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Keeps what tests let Descry print and log, down to the last detail, for `scripts/test` to search it for planted secrets: in the folder
/// that `DESCRY_TEST_OUTPUT` names, one file for each process of tests. Where it names none, nothing is kept.
public enum TestOutput {
    /// Where to append to.
    static let path = Program.environment("DESCRY_TEST_OUTPUT").map { "\($0)/\(getpid()).log" } ?? "/dev/null"

    private static let file: Int32? = {
        guard Program.environment("DESCRY_TEST_OUTPUT") != nil else { return nil }
        let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, mode_t(0o600))
        precondition(descriptor >= 0, "\(path) of DESCRY_TEST_OUTPUT cannot be written to")
        return descriptor
    }()

    /// What a process has printed.
    public static func keep(_ text: String) {
        guard let file, !text.isEmpty else { return }
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            precondition(count > 0, "DESCRY_TEST_OUTPUT cannot be written to")
            bytes = bytes.dropFirst(count)
        }
    }

    /// For code under test whose log no test reads.
    public static var logger: Logger {
        var logger = Logger(label: "test") { _ in KeptLines() }
        logger.logLevel = file == nil ? .critical : .trace
        return logger
    }

    private struct KeptLines: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            TestOutput.keep("\(event.level) \(event.message) \(metadata.merging(event.metadata ?? [:]) { $1 })")
        }
    }
}
