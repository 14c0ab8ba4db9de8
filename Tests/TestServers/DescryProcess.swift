import Subprocess
import Synchronization

/// `descry` as a process beside the test. Its lines are read as they come, so that it never waits for a reader; whatever it has printed
/// is searched for planted secrets at its end.
///
/// It ends with its last owner, and after ten minutes in any case.
public final class DescryProcess: Sendable {
    public enum Signal: Sendable {
        case terminate
        case hangUp
        /// `kill -9`
        case kill
        case suspend
        case resume

        fileprivate var value: Subprocess.Signal {
            switch self {
            case .terminate: .terminate
            case .hangUp: .terminalClosed
            case .kill: .kill
            case .suspend: .suspend
            case .resume: .resume
            }
        }

        fileprivate var isForAll: Bool {
            switch self {
            case .terminate, .hangUp: false
            case .kill, .suspend, .resume: true
            }
        }
    }

    /// It ended before it printed what was waited for.
    public struct Ended: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var lines: [String] = []
        var hasEnded = false
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    private final class Output: Sendable {
        let state = Mutex(State())

        func add(_ line: String) { change { $0.lines.append(line) } }
        func end() { change { $0.hasEnded = true } }

        private func change(_ body: (inout State) -> Void) {
            let listeners = state.withLock { state in
                body(&state)
                return Array(state.listeners.values)
            }
            for listener in listeners { listener.yield() }
        }
    }

    private let output = Output()
    private let signals: AsyncStream<Signal>.Continuation
    private let task: Task<Int32?, any Error>
    private let arguments: [String]
    private let check: @Sendable (DescryBinary.Run) throws -> Void

    init(
        _ command: Arguments, arguments: [String], environment: Environment,
        check: @escaping @Sendable (DescryBinary.Run) throws -> Void
    ) {
        self.arguments = arguments
        self.check = check
        var options = PlatformOptions()
        options.processGroupID = 0
        let configuration = Configuration(
            executable: .name("sh"), arguments: command, environment: environment, platformOptions: options)
        let (sent, signals) = AsyncStream<Signal>.makeStream()
        self.signals = signals
        let output = output
        task = Task.detached {
            defer { output.end() }
            let result = try await Subprocess.run(
                configuration, input: .none, output: .sequence, error: .discarded
            ) { execution in
                let lines = execution.standardOutput.strings()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        do { for try await line in lines { output.add(line) } } catch {
                            output.add("(the test cannot read on: \(error))")
                        }
                        signals.finish()
                    }
                    for await signal in sent {
                        // To `timeout`, which passes it on, or to both: one that is killed, or stands still, passes nothing on.
                        do {
                            try execution.send(signal: signal.value, toProcessGroup: signal.isForAll)
                        } catch {
                            continue  // it has ended meanwhile
                        }
                    }
                }
            }
            return if case .exited(let code) = result.terminationStatus { code } else { nil }
        }
    }

    // A task that is cancelled would end `timeout` alone.
    deinit { signals.yield(.kill) }

    public func send(_ signal: Signal) { signals.yield(signal) }

    /// Every line so far.
    public var lines: [String] { output.state.withLock(\.lines) }

    /// Waits for the first line that matches, of all that it has printed since it began.
    @discardableResult
    public func line(_ isWanted: (String) -> Bool) async throws -> String {
        let (news, listener) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = output.state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = listener
            return state.nextListener
        }
        listener.yield()
        defer { _ = output.state.withLock { $0.listeners.removeValue(forKey: id) } }
        var seen = 0
        for await _ in news {
            let (fresh, hasEnded) = output.state.withLock { (Array($0.lines[seen...]), $0.hasEnded) }
            if let line = fresh.first(where: isWanted) { return line }
            seen += fresh.count
            if hasEnded { break }
        }
        try Task.checkCancellation()
        throw Ended(description: "never printed, by:\n\(lines.suffix(50).joined(separator: "\n"))")
    }

    /// The name of the process that is the first to print such a line.
    ///
    /// - Throws: as ``line(_:)``.
    public static func first(
        of processes: [String: DescryProcess], to print: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await withThrowingTaskGroup(of: String.self) { group in
            for (name, process) in processes {
                group.addTask {
                    try await process.line(print)
                    return name
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? ""
        }
    }

    /// Sends the signal, and waits until it has ended.
    ///
    /// - Returns: all that it printed, as standard output; the exit code is -1 where it was killed.
    /// - Throws: ``DescryBinary/SecretTold``.
    @discardableResult
    public func end(_ signal: Signal) async throws -> DescryBinary.Run {
        send(signal)
        let code = try await task.value
        let run = DescryBinary.Run(
            arguments: arguments, exitCode: code ?? -1, output: lines.joined(separator: "\n"), errors: "")
        try check(run)
        return run
    }
}
