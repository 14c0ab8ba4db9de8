import Testing
import Workloads

@testable import Rollouts

/// What it takes for a rollout to be proven: each row takes one thing away from a finished one.
@Suite struct ProofTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var kind: WorkloadKind = .statefulSet
        /// Part of what the verdict waits for; nil: proven.
        let waitsFor: String?
        var workload: @Sendable (inout Workload) -> Void = { _ in }
        var pods: @Sendable (inout [PodState]) -> Void = { _ in }
        var testDescription: String { "\(kind.rawValue): \(name)" }
    }

    static let finished = WorkloadKind.allCases.map { Row(name: "finished", kind: $0, waitsFor: nil) }

    // The status must be about the spec as it is now, and all pods updated and ready: the same for every kind.
    static let counts = WorkloadKind.allCases.flatMap { kind in
        [
            Row(name: "not observed", kind: kind, waitsFor: "generation 2") { $0.status.observedGeneration = 1 },
            Row(name: "an older object than the patch's answer", kind: kind, waitsFor: "generation 2") {
                $0.generation = 1
                $0.status.observedGeneration = 1
            },
            Row(name: "scaled, and that is not observed", kind: kind, waitsFor: "generation 3") { $0.generation = 3 },
            Row(name: "two of three updated", kind: kind, waitsFor: "pods updated") {
                $0.status.updated = 2
                $0.status.replicas = 2
            },
            Row(name: "two of three ready", kind: kind, waitsFor: "2 of 3 pods ready") { $0.status.ready = 2 },
            Row(name: "ready, and not for minReadySeconds", kind: kind, waitsFor: "ready for 10 s") {
                $0.minReadySeconds = 10
                $0.status.available = 1
            },
            // A server that stores minReadySeconds also counts, and leaves out 0.
            Row(name: "minReadySeconds and no count", kind: kind, waitsFor: "0 of 3 pods ready for 10 s") {
                $0.minReadySeconds = 10
                $0.status.available = nil
            },
            Row(name: "no minReadySeconds: available is not asked for", kind: kind, waitsFor: nil) {
                $0.status.available = nil
            },
            Row(
                name: "scaled to 0", kind: kind, waitsFor: nil,
                workload: {
                    $0.replicas = 0
                    $0.status.replicas = 0
                    $0.status.ready = 0
                    $0.status.updated = 0
                }, pods: { $0 = [] }),
        ]
    }

    // What only one kind has.
    static let kinds = [
        Row(name: "revision not completed", waitsFor: "complete revision web-2") {
            $0.status.currentRevision = "web-1"
        },
        Row(name: "no revision named", waitsFor: "name a revision") { $0.status.updateRevision = nil },
        Row(name: "an ordinal too many", waitsFor: "1 surplus pods") { $0.status.replicas = 4 },
        Row(name: "an old pod left", kind: .deployment, waitsFor: "1 old pods to end") { $0.status.replicas = 4 },
    ]

    // The pods must bear out what the status says.
    static let pods = WorkloadKind.allCases.flatMap { kind in
        [
            Row(name: "a ready pod of the old image", kind: kind, waitsFor: "it runs registry.example.com") { _ in
            } pods: {
                $0[1].containers = [Container(name: "web", image: Samples.old)]
            },
            Row(name: "a surplus ready pod of the old image", kind: kind, waitsFor: "pod web-old to run") { _ in
            } pods: {
                $0.append(Samples.pod("web-old", kind: kind, image: Samples.old))
            },
            Row(name: "an old pod that is ending", kind: kind, waitsFor: nil) { _ in
            } pods: {
                $0.append(Samples.pod("web-old", kind: kind, image: Samples.old))
                $0[3].isBeingDeleted = true
            },
            Row(name: "an evicted old pod", kind: kind, waitsFor: nil) { _ in
            } pods: {
                $0.append(Samples.pod("web-old", kind: kind, image: Samples.old))
                $0[3].phase = "Failed"
            },
            Row(name: "a pod not seen yet", kind: kind, waitsFor: "2 of 3 pods ready") { _ in
            } pods: {
                $0.removeLast()
            },
            Row(name: "a ready pod that is ending does not count", kind: kind, waitsFor: "2 of 3 pods ready") { _ in
            } pods: {
                $0[0].isBeingDeleted = true
            },
            Row(name: "somebody else's pod of the old image", kind: kind, waitsFor: nil) { _ in
            } pods: {
                $0.append(Samples.pod("other-0", kind: kind, image: Samples.old))
                $0[3].ownerUID = "uid-other"
                $0[3].ownerName = "other-abc"
            },
            Row(name: "somebody else's ready pods do not count", kind: kind, waitsFor: "2 of 3 pods ready") { _ in
            } pods: {
                $0[0].ownerUID = "uid-other"
                $0[0].ownerName = "other-abc"
            },
            // A policy webhook pins tags to digests.
            Row(name: "the image with its digest", kind: kind, waitsFor: nil) { _ in
            } pods: {
                let image = ContainerImage("\(Samples.new)@sha256:0123")
                $0[0].containers = [Container(name: "web", image: image)]
            },
            Row(name: "the container is not there", kind: kind, waitsFor: "no such container") { _ in
            } pods: {
                $0[0].containers = []
            },
        ]
    }

    @Test("what is missing is named", arguments: finished + counts + kinds + pods)
    func proof(_ row: Row) {
        var workload = Samples.finished(row.kind)
        var pods = Samples.pods(of: row.kind)
        row.workload(&workload)
        row.pods(&pods)
        let now = ContinuousClock.now
        var judge = RolloutJudge(target: Samples.target(row.kind), startedAt: now)
        let verdict = judge.judge(workload: workload, pods: pods, at: now)
        if let waitsFor = row.waitsFor {
            #expect(!verdict.isFinal)
            #expect(verdict.progress.waitingFor.contains(waitsFor), "\(verdict.progress.waitingFor)")
            #expect(judge.nextDeadline == now + .seconds(600))
        } else {
            #expect(
                verdict
                    == .proven(
                        RolloutProgress(
                            replicas: workload.replicas, updated: workload.status.updated, ready: workload.status.ready)
                    ))
            #expect(judge.nextDeadline == nil)
        }
    }

    @Test("init containers of the target must run its image too")
    func initContainers() {
        var target = Samples.target()
        target.images["migrate"] = Samples.new
        target.initContainers = ["migrate"]
        var workload = Samples.finished()
        workload.initContainers = [Container(name: "migrate", image: Samples.new)]
        var pods = Samples.pods()
        for index in pods.indices { pods[index].initContainers = workload.initContainers }
        let now = ContinuousClock.now
        var judge = RolloutJudge(target: target, startedAt: now)
        var wrong = pods
        wrong[2].initContainers = [Container(name: "migrate", image: Samples.old)]
        #expect(!judge.judge(workload: workload, pods: wrong, at: now).isFinal)
        #expect(judge.judge(workload: workload, pods: pods, at: now).isFinal)
    }

    static let fixtures = [
        "statefulset-good", "statefulset-partition-reset", "statefulset-scaled-meanwhile", "statefulset-broken-pull",
        "statefulset-parallel-after-revert", "deployment-good", "deployment-min-ready", "daemonset-good",
    ]

    /// Two watches and a relist can bring events in many orders. Whatever the order, a rollout is never proven while a
    /// pod that is known to be ready runs another image, or with fewer ready pods than are wanted.
    @Test("no order of events proves a rollout against its own pods", arguments: fixtures)
    func shuffled(_ fixture: String) throws {
        let recording = try Recording.load(fixture)
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var shuffled = recording
            var events = recording.entries.map(\.event)
            events[1...].shuffle(using: &generator)
            shuffled.entries = zip(recording.entries, events).map { Recording.Entry(at: $0.at, event: $1) }
            let proofs = provenStates(shuffled)
            for pods in proofs {
                let ready = pods.values.filter { $0.isReady && !$0.isBeingDeleted && !$0.hasEnded }
                let images = Set(ready.flatMap(\.containers).map(\.image))
                #expect(images.isSubset(of: recording.target.images.values), "\(fixture), seed \(seed)")
            }
        }
    }

    /// The pods known at the moment of a proof, worked out without the code under test.
    private func provenStates(_ recording: Recording) -> [[String: PodState]] {
        let start = ContinuousClock.now
        var judge = RolloutJudge(target: recording.target, startedAt: start)
        var workload: Workload?
        var pods: [String: PodState] = [:]
        for entry in recording.entries {
            switch entry.event {
            case .workload(let changed, let isDeleted): workload = isDeleted ? nil : changed
            case .pod(let pod, let isDeleted): pods[pod.name] = isDeleted ? nil : pod
            }
            if case .proven = judge.judge(workload: workload, pods: Array(pods.values), at: start) { return [pods] }
        }
        return []
    }
}
