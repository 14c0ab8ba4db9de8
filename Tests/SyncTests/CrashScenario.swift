import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing
import Workloads

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
        /// One that no longer names the last app, and is good.
        case withoutLast
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
    var kind = WorkloadKind.statefulSet
    /// What each app has beside its version, in YAML's flow style.
    var settings = ""
    /// What the failing app does instead.
    var fate = TestServers.Fate.pullFails
    /// What becomes of the check of the whole; nil for none.
    var check: TestServers.Fate?

    var fails: Bool { failing != nil || check == .crashes }

    static let all =
        [
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
        ] + canaries + questions

    /// In two steps, by partition or by a second Deployment.
    private static let canaries = [WorkloadKind.statefulSet, .deployment].flatMap { kind in
        [nil, "b"].map { failing in
            CrashScenario(
                testDescription: "\(kind) canaries, \(failing == nil ? "which hold" : "of which one fails")",
                names: ["a", "b"], failing: failing, replicas: 2, kind: kind,
                settings: ", strategy: {canary: {pods: 1, hold: 1ms}}")
        }
    }

    /// What is asked once the pods are ready.
    private static let questions = [
        CrashScenario(
            testDescription: "apps that are well", names: ["a", "b"], settings: ", health: {path: /health}"),
        CrashScenario(
            testDescription: "an app that is not well", names: ["a", "b"], failing: "b",
            settings: ", health: {path: /health}", fate: .sick),
        CrashScenario(
            testDescription: "a canary that is not well", names: ["a", "b"], failing: "b", replicas: 2,
            settings: ", health: {path: /health}, strategy: {canary: {pods: 1, hold: 1ms}}", fate: .sick),
        CrashScenario(testDescription: "a check that passes", names: ["a", "b"], isChain: false, check: .runs),
        CrashScenario(testDescription: "a check that fails", names: ["a", "b"], isChain: false, check: .crashes),
    ]

    /// With `stop` nothing goes back, so that a second failure has nothing to end in. A failure after a kill is the same whatever
    /// is asked beside.
    var nexts: [Next] {
        guard onFailure == "rollback", check == nil else { return [.same, .fixed] }
        return settings.isEmpty ? Next.allCases : [.same, .fixed, .withoutLast]
    }

    /// What the account may do that deploys, and the one that comes after it.
    var rules: [AccessRule] {
        SandboxScene.rules(kind) + [
            .init(verbs: ["create", "delete"], group: "apps", resources: ["deployments"]),
            .init(verbs: ["get"], resources: ["pods/proxy", "pods/log"]),
            .init(verbs: ["get"], group: "batch", resources: ["cronjobs", "jobs"]),
            .init(verbs: ["create", "delete"], group: "batch", resources: ["jobs"]),
        ]
    }

    /// Health and checks are asked for once a second: here, fifty times.
    var clock: QuickClock { QuickClock(factor: 50) }

    func run(_ body: (SandboxScene, _ initial: NamespaceState) async throws -> Void) async throws {
        try await SandboxScene.run(
            names, kind: kind, replicas: replicas, rollout: "{timeout: 1h, onFailure: \(onFailure)}", rules: rules,
            delay: .zero,
            prepare: { sandbox in
                if let check { try sandbox.create(VerifyScene.cronJob(check), namespace: "shop") }
            }
        ) { scene in
            // What is there from the beginning was deployed without a check.
            let scene = check == nil ? scene : try scene.with("verify: {job: smoke, timeout: 1h}")
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
        case .withoutLast: descriptor("1.2.0", failing: nil).dropLast()
        case .fixed: descriptor("1.2.0", failing: nil)
        case .firstFails: descriptor("1.3.0", failing: names.first)
        case .lastFails: descriptor("1.3.0", failing: names.last)
        }
    }

    private func descriptor(_ numbers: String, failing: String?) -> [(String, String)] {
        names.enumerated().map { index, name in
            let after = isChain && index > 0 ? ", after: [\(names[index - 1])]" : ""
            return (name, (name == failing ? fate : .runs).version(numbers) + after + settings)
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
    /// The last app of the scenario.
    var last: String

    init(_ scenario: CrashScenario, _ next: CrashScenario.Next) async throws {
        var end: UninterruptedEnd?
        try await scenario.run { scene, _ in
            let counter = scene.sandbox.faults.crash(scene.deployer, .never)
            let commit = try await scene.commit(scenario.descriptor(next))
            let outcome = try await scene.apply(clock: scenario.clock)
            end = UninterruptedEnd(
                state: NamespaceState(scene.sandbox, commits: [commit: "\(next)"]), status: outcome.status,
                outcome: try #require(try await scene.history().first).outcome, writes: counter.writes,
                last: scenario.names.last ?? "")
        }
        self = try #require(end)
    }

    private init(
        state: NamespaceState, status: Reporting.ExitStatus, outcome: Deployment.Outcome, writes: [String], last: String
    ) {
        self.state = state
        self.status = status
        self.outcome = outcome
        self.writes = writes
        self.last = last
    }
}
