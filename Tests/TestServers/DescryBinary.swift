import FoundationEssentials
import Subprocess
import Synchronization

/// The built `descry`, run as a user runs it: a process of its own, with nothing of the test's environment but `PATH`,
/// and with a home and a cache of its own.
///
/// Whatever it prints, and the JUnit file that it writes, is searched for every secret that was planted, and for the marker that all
/// others have: a run that tells one throws, so that no test has to think of it.
public final class DescryBinary: Sendable {
    /// What a run left behind.
    public struct Run: Sendable, CustomStringConvertible {
        public let arguments: [String]
        public let exitCode: Int32
        public let output: String
        public let errors: String

        /// For the message of a failed expectation.
        public var description: String {
            "descry \(arguments.joined(separator: " ")): exit \(exitCode)\n\(output)\(errors)"
        }
    }

    /// How a process is told to end.
    public enum Interruption: Sendable, CaseIterable {
        /// Ctrl-C
        case interrupt
        case terminate
    }

    /// A secret in what descry printed or wrote. The secret itself is not repeated.
    public struct SecretTold: Error, CustomStringConvertible {
        public let description: String
    }

    /// The user's home; `XDG_CACHE_HOME` is a folder in it.
    public let home: TemporaryFolder
    private let secrets = Mutex<Set<String>>([PlantedSecret.marker])

    public init(secrets: [String] = []) throws {
        home = try TemporaryFolder()
        for secret in secrets { plant(secret) }
    }

    /// From now on no run may tell this.
    public func plant(_ secret: String) { secrets.withLock { _ = $0.insert(secret) } }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - variables: what its environment has beside `PATH`, `HOME` and `XDG_CACHE_HOME`.
    ///   - folder: where it runs; the home where nil.
    ///   - seconds: how long it may take at most.
    /// - Throws: ``SecretTold``; ``Program/Failure`` where it did not end in time.
    public func run(
        _ arguments: [String], variables: [String: String] = [:], input: [UInt8] = [], folder: String? = nil,
        seconds: Int = 300
    ) async throws -> Run {
        let result = try await Subprocess.run(
            Program.executable(try Self.timeout()),
            arguments: Arguments(try words(arguments, folder: folder, seconds: seconds)),
            environment: environment(variables), input: .array(input), output: .string(limit: 64 << 20),
            error: .string(limit: 64 << 20))
        guard case .exited(let code) = result.terminationStatus, code != 124 else {
            throw Program.Failure(
                description: "descry \(arguments.joined(separator: " ")) did not end in \(seconds) s "
                    + "(\(result.terminationStatus)): \(result.standardOutput)\(result.standardError)")
        }
        let run = Run(
            arguments: arguments, exitCode: code, output: result.standardOutput, errors: result.standardError)
        try search(run)
        return run
    }

    /// Runs it up to the first line on standard output that matches, and kills it then and there (`kill -9`).
    ///
    /// - Returns: the lines, that one last.
    public func killed(_ arguments: [String], when isLast: (String) -> Bool) async throws -> [String] {
        let result = try await Subprocess.run(
            Program.executable("/bin/sh"), arguments: Self.keepingErrors([try Self.path()] + arguments),
            environment: environment([:]),
            input: .none, output: .sequence, error: .discarded
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                if isLast(line) { break }
            }
            try execution.send(signal: .kill)
            return lines
        }
        for line in result.closureResult { TestOutput.keep(line) }
        return result.closureResult
    }

    /// Runs it, and kills it (`kill -9`) as soon as the moment has come, if it has not ended before.
    public func killed(_ arguments: [String], at moment: @escaping @Sendable () async -> Void) async throws {
        _ = try await Subprocess.run(
            Program.executable("/bin/sh"), arguments: Self.keepingErrors([try Self.path()] + arguments),
            environment: environment([:]),
            input: .none, output: .sequence, error: .discarded
        ) { execution in
            let lines = execution.standardOutput.strings()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await moment() }
                group.addTask {
                    do { for try await _ in lines {} } catch { return }  // ended, however: nothing is left to kill
                }
                await group.next()
                group.cancelAll()
            }
            try execution.send(signal: .kill)
        }
    }

    /// Runs a command that goes on until it is interrupted: once it has printed a certain line the body runs, then it gets
    /// the signal and may end.
    ///
    /// - Parameters:
    ///   - isReady: true for the line of standard output that says so.
    ///   - body: gets the lines up to there.
    /// - Returns: the whole run, without its standard error.
    public func run(
        _ arguments: [String], variables: [String: String] = [:], folder: String? = nil, seconds: Int = 300,
        by interruption: Interruption = .interrupt, until isReady: @Sendable (String) -> Bool,
        _ body: ([String]) async throws -> Void
    ) async throws -> Run {
        let result = try await Subprocess.run(
            Program.executable("/bin/sh"),
            arguments: try Self.keepingErrors(
                [try Self.timeout()] + words(arguments, folder: folder, seconds: seconds)),
            environment: environment(variables), input: .none, output: .sequence, error: .discarded
        ) { execution in
            var lines: [String] = []
            var hasRun = false
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                guard !hasRun, isReady(line) else { continue }
                hasRun = true
                try await body(lines)
                try execution.send(signal: interruption == .interrupt ? .interrupt : .terminate)
            }
            guard hasRun else { throw Program.Failure(description: "never ready: \(lines.joined())") }
            return lines
        }
        guard case .exited(let code) = result.terminationStatus else {
            throw Program.Failure(
                description: "descry \(arguments.joined(separator: " ")): \(result.terminationStatus)")
        }
        let run = Run(
            arguments: arguments, exitCode: code, output: result.closureResult.joined(separator: "\n"), errors: "")
        try search(run)
        return run
    }

    /// Starts it beside the test.
    ///
    /// - Parameter variables: what its environment has beside `PATH`, `HOME` and `XDG_CACHE_HOME`.
    public func start(_ arguments: [String], variables: [String: String] = [:]) throws -> DescryProcess {
        let command = ["-c", #"exec "$@" 2>&1"#, "sh", try Self.timeout(), "--kill-after=5", "600", try Self.path()]
        return DescryProcess(
            Arguments(command + arguments), arguments: arguments, environment: environment(variables),
            check: { [self] in try search($0) })
    }

    private static func timeout() throws -> String {
        guard let path = Program.find("timeout") else { throw Program.Failure(description: "timeout isn't in PATH") }
        return path
    }

    /// For the shell: the command in its own process, whose standard error is kept.
    private static func keepingErrors(_ command: [String]) -> Arguments {
        Arguments(["-c", #"file=$1; shift; exec "$@" 2>>"$file""#, "sh", TestOutput.path] + command)
    }

    private func words(_ arguments: [String], folder: String?, seconds: Int) throws -> [String] {
        ["--kill-after=5", String(seconds), "env", "-C", folder ?? home.path, try Self.path()] + arguments
    }

    private func environment(_ variables: [String: String]) -> Environment {
        var environment = [
            "PATH": Program.environment("PATH") ?? "/usr/bin:/bin", "HOME": home.path,
            "XDG_CACHE_HOME": home.path + "/cache",
        ]
        environment.merge(variables) { _, mine in mine }
        let values = environment.compactMap { name, value in
            Environment.Key(rawValue: name).map { ($0, value) }
        }
        return .custom(Dictionary(values) { first, _ in first })
    }

    private func search(_ run: Run) throws {
        var texts = ["standard output": run.output, "standard error": run.errors]
        if let flag = run.arguments.firstIndex(of: "--junit"), flag + 1 < run.arguments.count {
            let file = run.arguments[flag + 1]
            if FileManager.default.fileExists(atPath: file) {
                texts["the JUnit file"] = try String(contentsOfFile: file, encoding: .utf8)
            }
        }
        for text in texts.values { TestOutput.keep(text) }
        for (place, text) in texts where secrets.withLock({ $0.contains { text.contains($0) } }) {
            throw SecretTold(description: "descry \(run.arguments.first ?? "") told a secret on \(place)")
        }
    }

    /// It lies beside the test executable, since the test targets depend on it.
    private static func path() throws -> String {
        if let path = Program.environment("DESCRY_TEST_BINARY") { return path }
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = executable.split(separator: "/").dropLast().joined(separator: "/")
        guard let path = Program.find("/\(folder)/descry") else {
            throw Program.Failure(
                description: "no descry beside \(executable): build it, or name it by DESCRY_TEST_BINARY")
        }
        return path
    }
}
