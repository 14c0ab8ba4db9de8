import Descriptors
import FoundationEssentials
import Kubernetes
import Planning
import Reporting
import Rollouts
import Testing
import Workloads

@testable import Reconciling

/// What an event says, and that nothing in it can hurt whoever reads it.
@Suite struct WorkloadEventTests {
    private static let version = "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343"
    private static let commit = SyncReport.Commit(
        id: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", author: "Ada", time: Date(timeIntervalSince1970: 0),
        subject: "backend 1.1.0")
    private static let failure = AppReport.Failure(
        code: "image-pull", message: "manifest unknown", hint: "push it", pod: "backend-2", container: "backend",
        reason: "ErrImagePull")
    private static let workload = Workload(
        key: WorkloadKey(kind: .statefulSet, name: "backend"), uid: "u-1", resourceVersion: "7", generation: 1,
        replicas: 3, strategy: UpdateStrategy(type: "RollingUpdate", partition: 0),
        selector: PodSelector(matchLabels: ["app": "backend"]),
        containers: [Container(name: "backend", image: ContainerImage("r/shop/backend:1.0.0-rc-0f3c1d0"))],
        status: WorkloadStatus(observedGeneration: 1, replicas: 3, ready: 3, updated: 3))

    private static func planned() throws -> PlannedApp {
        let descriptor = try Descriptor.parse(
            Array("apps: [{name: backend, version: \(version)}]".utf8), file: "deploy-descriptor.yaml")
        let plan = Plan(
            apps: descriptor.apps, commit: commit.id,
            rules: PlanningRules(
                environment: "DEV", namespace: "shop", registry: "r/shop", channels: [.rc, .release]),
            observed: [workload.key: workload])
        return try #require(plan.apps.first)
    }

    /// Every kind, to the letter.
    @Test func `each kind has its words`() throws {
        let planned = try Self.planned()
        let words = "image-pull: pod backend-2, container backend: ErrImagePull: manifest unknown"
        let stuck = StuckPod(key: planned.key, name: "backend-2", uid: "p", reason: "ImagePullBackOff")
        let change = try #require(planned.changes.first)
        let differs =
            "\(change.path) is \(change.from ?? "absent") and not \(change.to), set by kubectl-set at 2026-11-21T12:00:00Z"
        let drift = FoundDrift(
            app: "backend", workload: planned.key, uid: "u-1",
            changes: [change], problem: nil,
            writers: ["kubectl-set at 2026-11-21T12:00:00Z"], isCorrected: false, isContested: false)
        let events: [(WorkloadEvent, String)] = [
            (
                .proven(planned, commit: Self.commit, seconds: 3.21),
                "\(Self.version) proven in 3.2 s, commit a1b2c3d4e5"
            ),
            (
                .failed(planned, commit: Self.commit, Self.failure),
                "\(Self.version), commit a1b2c3d4e5: \(words)"
            ),
            (
                .rolledBack(planned, to: "1.0.0-rc-0f3c1d0", commit: Self.commit, seconds: 2),
                "back at 1.0.0-rc-0f3c1d0, proven in 2.0 s: commit a1b2c3d4e5 failed as a whole"
            ),
            (.rollbackFailed(planned, to: nil, Self.failure), "not back at what ran before: \(words)"),
            (
                .stuckPodReplaced(stuck, of: Self.workload),
                "deleted pod backend-2 of an older revision, which held up the rollout: ImagePullBackOff"
            ),
            (
                .fieldsTakenOver(planned, ["took over .spec.replicas from kubectl-edit"]),
                "took over .spec.replicas from kubectl-edit"
            ),
            (
                .canaryPassed(planned, pods: 1, hold: .seconds(300), commit: Self.commit),
                "\(Self.version) held for 5m in 1 pod, commit a1b2c3d4e5"
            ),
            (
                .canaryFailed(planned, commit: Self.commit, Self.failure),
                "canary of \(Self.version), commit a1b2c3d4e5: \(words)"
            ),
            (
                .verificationFailed(planned, check: "job/smoke", commit: Self.commit, Self.failure),
                "\(Self.version), commit a1b2c3d4e5, check job/smoke: \(words)"
            ),
            (
                .driftFound(drift),
                "\(differs); left as it is"
            ),
            (
                .driftContested(drift),
                "\(differs); put right 3 times already, so left as it is for a while"
            ),
        ]
        for (event, message) in events {
            #expect(event.message == message)
            #expect(event.workload == Self.workload.key && event.uid == "u-1")
        }
        #expect(Set(events.map(\.0.kind)) == Set(WorkloadEvent.Kind.allCases))
    }

    /// The kinds that a person should look at.
    @Test(arguments: WorkloadEvent.Kind.allCases)
    func severity(_ kind: WorkloadEvent.Kind) {
        let warns =
            kind.rawValue.hasSuffix("Failed") || [.fieldsTakenOver, .driftFound, .driftContested].contains(kind)
        #expect((kind.severity == .warning) == warns)
    }

    /// Containers and API servers choose their words: escape sequences, line feeds, any length, any script.
    @Test(arguments: [
        ("a\nb\tc", "a b c"), ("red \u{1B}[31m", "red \\u{1B}[31m"), ("\u{202E}txt", "\\u{202E}txt"),
        (String(repeating: "x", count: 1024), String(repeating: "x", count: 1024)),
        (String(repeating: "x", count: 1025), String(repeating: "x", count: 1021) + "…"),
        (String(repeating: "ü", count: 513), String(repeating: "ü", count: 510) + "…"),
    ])
    func `a message is one short line`(text: String, shown: String) {
        let event = WorkloadEvent(.rolloutFailed, Self.workload.key, uid: "u", text)
        #expect(event.message == shown)
        #expect(event.message.utf8.count <= 1024)
    }
}
