import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// A deployment that is killed at one of its writes, and the pass that comes after it.
struct CrashScenario: Sendable, CustomTestStringConvertible {
    /// What the pass after the killed one is to deploy.
    enum Next: Sendable, CaseIterable {
        /// The same commit.
        case same
        /// A descriptor of which every version is good, and another one than before.
        case fixed
        /// One whose first app fails, so that the others are not even started.
        case firstFails
        case lastFails
    }

    let testDescription: String
    let names: [String]
    /// Each app comes after the one before.
    var isChain = true
    /// The app whose version cannot be pulled.
    var failing: String?
    var onFailure = "rollback"
    var replicas = 1
    /// What somebody has set at the first app before the deployment.
    var partition: Int?

    static let all = [
        CrashScenario(testDescription: "a chain that succeeds", names: ["a", "b", "c"]),
        CrashScenario(testDescription: "side by side, all succeed", names: ["a", "b", "c"], isChain: false),
        CrashScenario(testDescription: "a chain whose last app fails", names: ["a", "b", "c"], failing: "c"),
        CrashScenario(
            testDescription: "side by side, one fails", names: ["a", "b", "c"], isChain: false, failing: "b"),
        CrashScenario(
            testDescription: "another's partition, and a failure", names: ["a", "b"], failing: "b", replicas: 2,
            partition: 1),
        CrashScenario(
            testDescription: "with stop, the middle one fails", names: ["a", "b", "c"], failing: "b",
            onFailure: "stop"),
    ]

    /// With `stop` nothing goes back, so that a second failure has nothing to end in.
    var nexts: [Next] { onFailure == "rollback" ? Next.allCases : [.same, .fixed] }

    func run(_ body: (SandboxScene, _ initial: NamespaceState) async throws -> Void) async throws {
        try await SandboxScene.run(
            names, replicas: replicas, rollout: "{timeout: 2m, onFailure: \(onFailure)}", delay: .zero
        ) { scene in
            if let partition {
                try scene.change(
                    names[0], as: "kubectl",
                    ["spec": ["updateStrategy": ["rollingUpdate": ["partition": .integer(Int64(partition))]]]])
            }
            try await body(scene, NamespaceState(scene.sandbox, commits: [:]))
        }
    }

    /// The descriptor of the pass that is killed.
    var killed: [(String, String)] { descriptor("1.1.0", failing: failing) }

    /// That of the pass after it.
    func descriptor(_ next: Next) -> [(String, String)] {
        switch next {
        case .same: killed
        case .fixed: descriptor("1.2.0", failing: nil)
        case .firstFails: descriptor("1.3.0", failing: names.first)
        case .lastFails: descriptor("1.3.0", failing: names.last)
        }
    }

    private func descriptor(_ numbers: String, failing: String?) -> [(String, String)] {
        names.enumerated().map { index, name in
            let fate: TestServers.Fate = name == failing ? .pullFails : .runs
            let after = isChain && index > 0 ? ", after: [\(names[index - 1])]" : ""
            return (name, fate.version(numbers) + after)
        }
    }
}

/// How a deployment ends that nobody interrupts.
struct UninterruptedEnd: Sendable {
    var state: NamespaceState
    var status: Reporting.ExitStatus
    var outcome: Deployment.Outcome
    /// What it has written, in order.
    var writes: [String]

    init(_ scenario: CrashScenario, _ next: CrashScenario.Next) async throws {
        var end: UninterruptedEnd?
        try await scenario.run { scene, _ in
            let counter = scene.sandbox.faults.crash(scene.deployer, .never)
            let commit = try await scene.commit(scenario.descriptor(next))
            let outcome = try await scene.apply()
            end = UninterruptedEnd(
                state: NamespaceState(scene.sandbox, commits: [commit: "\(next)"]), status: outcome.status,
                outcome: try #require(try await scene.history().first).outcome, writes: counter.writes)
        }
        self = try #require(end)
    }

    private init(state: NamespaceState, status: Reporting.ExitStatus, outcome: Deployment.Outcome, writes: [String]) {
        self.state = state
        self.status = status
        self.outcome = outcome
        self.writes = writes
    }
}
