import Subprocess

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The program that stands for a server: `ssh`, or `git` itself for a repository on this machine.
struct ProcessCommand: Sendable {
    /// A name to look up in `PATH`, or a path.
    let executable: String
    let arguments: [String]
    let environment: [String: String]
}

/// The protocol over a process's standard input and output.
///
/// The process is always reaped: it ends when its input closes, and is told to, then killed, when the task is cancelled.
enum ProcessCarrier {
    struct Outcome<Value: Sendable>: Sendable {
        let value: Result<Value, GitError>
        let standardError: String
        /// 0 only for a process that exited well.
        let exitCode: Int32
    }

    nonisolated(nonsending) static func converse<Value: Sendable>(
        _ command: ProcessCommand, service: Service, limits: GitLimits, watchdog: Watchdog,
        _ body: nonisolated(nonsending) (any Conversation) async throws(GitError) -> Value
    ) async throws(GitError) -> Outcome<Value> {
        _ = survivesBrokenPipes
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(200))]
        // A process group of its own, so that a Ctrl-C on the terminal reaches Descry alone, which then ends it in order.
        options.processGroupID = 0
        let configuration = Configuration(
            executable: executable(command), arguments: Arguments(command.arguments),
            environment: environment(command.environment), platformOptions: options)
        do {
            let result = try await run(
                configuration, input: .inputWriter, output: .sequence, error: .bytes(limit: 1 << 20)
            ) { execution in
                let conversation = PipeConversation(
                    service, input: execution.standardInputWriter, output: execution.standardOutput.makeAsyncIterator(),
                    limits: limits, watchdog: watchdog)
                let value: Result<Value, GitError>
                do throws(GitError) { value = .success(try await body(conversation)) } catch { value = .failure(error) }
                await conversation.hangUp()
                // From here on the process is to end by itself: the watchdog sees to it that it does.
                watchdog.beginWait()
                return value
            }
            watchdog.endWait()
            let code: Int32 = if case .exited(let code) = result.terminationStatus { code } else { -1 }
            return Outcome(
                value: result.closureResult,
                standardError: printable(Array(result.standardError.suffix(2000)), limit: 600), exitCode: code)
        } catch {
            watchdog.endWait()
            throw failure(error, command)
        }
    }

    /// Writing to a process that has ended must be an error, not the end of this one: `SIGPIPE` is ignored from the first
    /// conversation on, unless the program has an own handler for it. Pipes know no `MSG_NOSIGNAL`.
    private static let survivesBrokenPipes: Bool = {
        guard let previous = signal(SIGPIPE, SIG_IGN) else { return true }
        signal(SIGPIPE, previous)
        return true
    }()

    private static func failure(_ error: any Error, _ command: ProcessCommand) -> GitError {
        switch error {
        case let error as GitError: return error
        case is CancellationError: return .cancelled
        case let error as SubprocessError where error.code == .executableNotFound:
            return .refused(
                "program-not-found", "The program “\(printable(command.executable, limit: 100))” isn't in PATH")
        case let error as SubprocessError where error.code == .outputLimitExceeded:
            return .unreachable("protocol", "\(command.executable) wrote more than 1 MiB of messages")
        default:
            return .internal(
                "process",
                "\(printable(command.executable, limit: 100)) can't be run: \(printable(String(describing: error)))")
        }
    }

    /// Looked up here, since Subprocess would start a process for every folder of `PATH` until one succeeds.
    private static func executable(_ command: ProcessCommand) -> Executable {
        let name = command.executable
        if name.contains("/") { return .path(literal(name)) }
        return ProgramSearch.find(name, path: command.environment["PATH"]).map { .path(literal($0)) } ?? .name(name)
    }

    /// `FilePath` belongs to swift-system, which this target doesn't depend on; the literal's initialiser is the standard
    /// library's.
    static func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
    where Path.StringLiteralType == String {
        Path(stringLiteral: text)
    }

    private static func environment(_ variables: [String: String]) -> Environment {
        var result: [Environment.Key: String] = [:]
        for (name, value) in variables {
            guard let key = Environment.Key(rawValue: name) else { continue }
            result[key] = value
        }
        return .custom(result)
    }
}

/// Two pipes as a ``Conversation``.
private final class PipeConversation: Conversation, ByteSource {
    private let service: Service
    private let input: StandardInputWriter
    private var output: SubprocessOutputSequence.Iterator
    private let limits: GitLimits
    private let watchdog: Watchdog
    private var reader: PacketReader?

    init(
        _ service: Service, input: StandardInputWriter, output: SubprocessOutputSequence.Iterator, limits: GitLimits,
        watchdog: Watchdog
    ) {
        self.service = service
        self.input = input
        self.output = output
        self.limits = limits
        self.watchdog = watchdog
    }

    nonisolated(nonsending) func advertisement() async throws(GitError) -> Advertisement {
        let reader = PacketReader(self, limit: limits.refs)
        self.reader = reader
        return try await reader.advertisement(of: service)
    }

    nonisolated(nonsending) func send(_ request: [UInt8]) async throws(GitError) -> PacketReader {
        guard let reader else { throw ProtocolError.unexpected("a request before its first words") }
        reader.allow(limits.pack)
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do { _ = try await input.write(request) } catch { throw ProtocolError.truncated("a request") }
        return reader
    }

    nonisolated(nonsending) func read() async throws(GitError) -> [UInt8]? {
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do {
            while let buffer = try await output.next(isolation: #isolation) {
                if buffer.count > 0 { return buffer.withUnsafeBytes { Array($0) } }
            }
            return nil
        } catch {
            // The reason is in the process's exit code and standard error, which the caller reads next.
            throw ProtocolError.truncated("an answer")
        }
    }

    /// Says that no request follows: a flush in either version, then the end of input. A process that is gone already
    /// has nothing to hear.
    nonisolated(nonsending) func hangUp() async {
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do {
            _ = try await input.write(Packet.flush.encoded)
            try await input.finish()
        } catch {
            // EPIPE: the process has ended, and its exit code says why.
            return
        }
    }
}
