import FoundationEssentials
import Git
import Logging
import Reporting
import Synchronization
import TestServers

@testable import Reconciling

/// A forge on loopback, environments that report to it, and everything that is logged.
struct ForgeScene: Sendable {
    let folder: TemporaryFolder
    let server: RecordingServer
    let log = LogRecorder()
    let clock = SteppedTime()

    static let commit = "0123456789abcdef0123456789abcdef01234567"
    static let newer = "fedcba9876543210fedcba9876543210fedcba98"

    init(_ answer: @escaping @Sendable (RecordingServer.Request, Int) -> RecordingServer.Response) throws {
        folder = try TemporaryFolder()
        server = try RecordingServer(answer)
    }

    /// - Parameter path: of the API.
    func environment(
        _ name: String = "LIVE", _ provider: String = "gitea", path: String = "/api/v1",
        token: String = "\(PlantedSecret.marker)-token",
        repository: String = "https://git.example.com/shop/deployments.git", more: String = ""
    ) throws -> Environment {
        try folder.write("token-\(name)", token + "\n")
        let text = """
            environment: \(name)
            repository: \(repository)
            namespace: shop-\(name.lowercased())
            registry: nexus.example.com/shop
            forge:
              provider: \(provider)
              tokenFile: token-\(name)
              url: "http://127.0.0.1:\(server.port)\(path)"
              \(more)

            """
        return try EnvironmentSettings.parse(Array(text.utf8), file: "\(folder.path)/\(name).yaml").resolve(name: name)
    }

    func reporter(metrics: Metrics? = nil) -> ForgeReporter {
        ForgeReporter(version: "1.2.3", metrics: metrics, logger: log.logger, time: clock.time)
    }
}

extension SyncReport {
    static func of(
        _ outcome: Outcome, _ environment: Environment, commit: String = ForgeScene.commit, apps: [AppReport] = [],
        command: Command = .apply
    ) -> SyncReport {
        SyncReport(
            command: command, environment: environment.name, namespace: environment.namespace,
            repository: environment.repository.description, branch: environment.branch.description,
            descriptor: environment.descriptor,
            commit: Commit(id: commit, author: "Ada", time: Date(timeIntervalSince1970: 0), subject: "Release"),
            startedAt: Date(timeIntervalSince1970: 0), outcome: outcome, apps: apps)
    }
}

extension AppReport {
    static func of(_ name: String, _ outcome: Outcome, failure: Failure? = nil) -> AppReport {
        AppReport(
            app: name, workload: "statefulset/\(name)", outcome: outcome, to: "1.2.3-release-0123456", failure: failure)
    }
}

/// Sleeps are noted and end when the test says so.
final class SteppedTime: Sendable {
    private struct State {
        var offset = Duration.zero
        var sleeps: [Duration] = []
        var sleepers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var next = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    var time: ForgeTime {
        ForgeTime(
            now: { self.start + self.state.withLock { $0.offset } },
            date: { Date(timeIntervalSince1970: 1_000_000) }, sleep: { try await self.sleep($0) }, random: { 1 })
    }

    /// Every pause that was begun.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    /// Waits until so many pauses were begun.
    func sleeps(_ count: Int) async -> [Duration] {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleeps.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
        return sleeps
    }

    /// Lets time pass; every pause that is under way ends.
    func pass(_ duration: Duration) {
        let woken = state.withLock { state in
            state.offset += duration
            defer { state.sleepers = [:] }
            return Array(state.sleepers.values)
        }
        for continuation in woken { continuation.resume() }
    }

    private func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiters = state.withLock { state in
                    state.sleeps.append(duration)
                    state.sleepers[id] = continuation
                    let count = state.sleeps.count
                    defer { state.waiters.removeAll { $0.count <= count } }
                    return state.waiters.filter { $0.count <= count }.map(\.continuation)
                }
                for waiter in waiters { waiter.resume() }
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }
}

/// Keeps every line with its metadata.
final class LogRecorder: Sendable {
    private struct State {
        var lines: [String] = []
        var waiters: [(text: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        func count(of text: String) -> Int { lines.count { $0.contains(text) } }
    }

    private let state = Mutex(State())

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .trace
        return logger
    }

    var text: String { state.withLock { $0.lines.joined(separator: "\n") } }
    func count(of text: String) -> Int { state.withLock { $0.count(of: text) } }

    /// Waits until so many lines hold the text.
    func lines(_ count: Int, holding text: String) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count(of: text) >= count { return true }
                state.waiters.append((text, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    fileprivate func add(_ line: String) {
        TestOutput.keep(line)
        let woken = state.withLock { state in
            state.lines.append(line)
            let now = state
            state.waiters.removeAll { now.count(of: $0.text) >= $0.count }
            return now.waiters.filter { now.count(of: $0.text) >= $0.count }.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = metadata.merging(event.metadata ?? [:]) { $1 }
            recorder.add("\(event.level) \(event.message) \(facts)")
        }
    }
}
