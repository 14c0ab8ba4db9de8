import Testing
import Workloads

@testable import Rollouts

/// What the states of a container say about its rollout, and how long they are borne with.
@Suite struct PodFailureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the container reports, one state after another.
        let states: [ContainerState]
        /// Nil: no failure, however long it lasts.
        let code: RolloutFailure.Code?
        /// From the last state on.
        var grace: Duration = .zero
        var reason: String?
        var words = ""
        var testDescription: String { name }

        init(
            _ name: String, _ states: [ContainerState], _ code: RolloutFailure.Code?, grace: Duration = .zero,
            reason: String? = nil, words: String = ""
        ) {
            (self.name, self.states, self.code, self.grace) = (name, states, code, grace)
            (self.reason, self.words) = (reason, words)
        }
    }

    private static func waiting(_ reason: String, _ message: String = "", restarts: Int = 0) -> ContainerState {
        Samples.waiting(reason, message, restarts: restarts)
    }

    private static let timeout = "Get https://registry.example.com/v2/: net/http: TLS handshake timeout"

    // Pull errors: the runtime's text decides. Texts of containerd, CRI-O, Docker, and of the registries behind them.
    static let pulls = [
        Row(
            "containerd: not found", [waiting("ErrImagePull", "failed to resolve reference: x: not found")], .imagePull),
        Row("docker: manifest unknown", [waiting("ErrImagePull", "manifest unknown: manifest unknown")], .imagePull),
        Row("denied", [waiting("ErrImagePull", "pull access denied for x")], .imagePull, words: "denied"),
        Row("401", [waiting("ErrImagePull", "unexpected status code 401 Unauthorized")], .imagePull),
        Row("a wrong CA", [waiting("ErrImagePull", "x509: certificate signed by unknown authority")], .imagePull),
        Row("a name that is none", [waiting("InvalidImageName", "couldn't parse image")], .imagePull),
        Row("never to be pulled", [waiting("ErrImageNeverPull", "not present with pull policy of Never")], .imagePull),
        Row(
            "unclear: a second", [waiting("ErrImagePull", "rpc error: code = Unknown")], .imagePull, grace: .seconds(1)),
        Row(
            "unclear, then the back-off",
            [waiting("ErrImagePull", "rpc error"), waiting("ImagePullBackOff", "Back-off")],
            .imagePull, reason: "ErrImagePull", words: "rpc error"),
        Row("only the back-off is seen", [waiting("ImagePullBackOff", "Back-off pulling image")], .imagePull),
        Row(
            "the back-off repeats the error (1.31)",
            [waiting("ImagePullBackOff", "Back-off pulling image \"x\": ErrImagePull: x: not found")], .imagePull),
    ]

    // One blip of the network or the registry must not fail a rollout: the kubelet tries again after 10 seconds.
    static let blips = [
        Row("a time-out", [waiting("ErrImagePull", timeout)], .imagePull, grace: .seconds(20)),
        Row(
            "a time-out, then the back-off",
            [waiting("ErrImagePull", timeout), waiting("ImagePullBackOff", "Back-off")],
            .imagePull, grace: .seconds(20), reason: "ErrImagePull", words: "TLS handshake timeout"),
        Row(
            "a second time-out after the back-off",
            [waiting("ErrImagePull", timeout), waiting("ImagePullBackOff"), waiting("ErrImagePull", timeout)],
            .imagePull),
        Row(
            "too many requests", [waiting("ErrImagePull", "toomanyrequests: rate limit")], .imagePull,
            grace: .seconds(20)),
        Row(
            "a time-out that passed",
            [waiting("ErrImagePull", timeout), ContainerState(name: "web", isReady: false, phase: .running)], nil),
        Row(
            "a ConfigMap cache that is not warm",
            [waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting")], .configError,
            grace: .seconds(20)),
    ]

    // The container cannot be made or started.
    static let creation = [
        Row("a missing Secret", [waiting("CreateContainerConfigError", "secret \"db\" not found")], .configError),
        Row("the runtime refuses", [waiting("CreateContainerError", "invalid mount")], .createError),
        Row("no such program", [waiting("RunContainerError", "exec: \"run\": not found in $PATH")], .runError),
        Row(
            "no such program, as the runtime tells it",
            [
                ContainerState(
                    name: "web", isReady: false, phase: .terminated(.init(reason: "StartError", exitCode: 128)))
            ],
            .runError),
        Row("being created", [waiting("ContainerCreating")], nil),
        Row("waiting for init containers", [waiting("PodInitializing")], nil),
        Row("no state yet", [ContainerState(name: "web", isReady: false, phase: nil)], nil),
    ]

    private static func crashed(_ restarts: Int, _ reason: String = "Error", code: Int = 1) -> ContainerState {
        ContainerState(
            name: "web", isReady: false, restartCount: restarts,
            phase: .terminated(.init(reason: reason, message: "no database", exitCode: code)))
    }

    private static func running(_ restarts: Int) -> ContainerState {
        ContainerState(
            name: "web", isReady: false, restartCount: restarts, phase: .running,
            lastTermination: .init(reason: "Error", message: "no database", exitCode: 1))
    }

    // One end is forgiven (its database may not be there yet), a loop is not.
    static let crashes = [
        Row("ended once", [crashed(0)], nil),
        Row("ended once and runs again", [crashed(0), running(1)], nil),
        Row(
            "ended twice", [crashed(0), running(1), crashed(1), running(2)], .crashLoop,
            words: "exit code 1: no database"),
        Row(
            "CrashLoopBackOff", [waiting("CrashLoopBackOff", "back-off 10s", restarts: 1)], .crashLoop,
            words: "back-off"),
        Row("restarts from before the rollout", [running(7)], nil),
        Row(
            "killed for its memory twice",
            [crashed(0, "OOMKilled", code: 137), running(1), crashed(2, "OOMKilled", code: 137)], .oomKilled,
            reason: "OOMKilled"),
        Row("killed for its memory once", [crashed(0, "OOMKilled", code: 137)], nil),
    ]

    @Test("a container's states", arguments: pulls + blips + creation + crashes)
    func container(_ row: Row) throws {
        let start = ContinuousClock.now
        var workload = Samples.finished()
        workload.status.ready = 2
        var judge = RolloutJudge(target: Samples.target(), startedAt: start)
        func verdict(_ state: ContainerState, at now: ContinuousClock.Instant) -> Verdict {
            var pods = Samples.pods()
            pods[2] = Samples.pod("web-2", isReady: false, states: [state])
            return judge.judge(workload: workload, pods: pods, at: now)
        }
        var now = start
        for state in row.states.dropLast() {
            #expect(!verdict(state, at: now).isFinal)
            now += .milliseconds(100)
        }
        let last = try #require(row.states.last)
        guard let code = row.code else {
            #expect(!verdict(last, at: now).isFinal)
            #expect(judge.nextDeadline == judge.deadline)
            #expect(!verdict(last, at: judge.deadline - .milliseconds(1)).isFinal)
            return
        }
        if row.grace > .zero {
            #expect(!verdict(last, at: now).isFinal)
            // A grace runs from the first state that complains.
            now = start + row.grace
            #expect(judge.nextDeadline == now)
            #expect(!verdict(last, at: now - .milliseconds(1)).isFinal)
        }
        guard case .failed(let failure) = verdict(last, at: now) else {
            Issue.record("\(row.name): \(judge.verdict)")
            return
        }
        #expect(failure.code == code)
        #expect(failure.pod == "web-2" && failure.container == "web")
        if let reason = row.reason { #expect(failure.reason == reason) }
        #expect(failure.message.contains(row.words), "\(failure.message)")
    }

    struct PodRow: Sendable, CustomTestStringConvertible {
        let name: String
        let code: RolloutFailure.Code?
        var kind: WorkloadKind = .statefulSet
        var isParallel = false
        var grace: Duration = .zero
        let pods: @Sendable (inout [PodState]) -> Void
        var testDescription: String { name }
    }

    private static let notFound = Samples.waiting("ErrImagePull", "x: not found")
    private static let looping = Samples.waiting("CrashLoopBackOff", "back-off 10s", restarts: 4)

    // Whose trouble counts: the new revision's, and what stands in a StatefulSet's way.
    static let owners = [
        PodRow(name: "an old pod of a Deployment", code: nil, kind: .deployment) {
            $0[0] = Samples.pod("web-0", kind: .deployment, image: Samples.old, isReady: false, states: [notFound])
        },
        PodRow(name: "an old pod of a DaemonSet", code: nil, kind: .daemonSet) {
            $0[0] = Samples.pod("web-0", kind: .daemonSet, image: Samples.old, isReady: false, states: [notFound])
        },
        PodRow(name: "an old pod of a StatefulSet is stuck", code: .blockedByStuckPod) {
            $0[0] = Samples.pod("web-0", image: Samples.old, revision: "web-1", isReady: false, states: [notFound])
        },
        PodRow(name: "the same image, and an older revision", code: .blockedByStuckPod) {
            $0[0] = Samples.pod("web-0", revision: "web-1", isReady: false, states: [notFound])
        },
        PodRow(name: "Parallel replaces the broken pod like any other", code: nil, isParallel: true) {
            $0[0] = Samples.pod("web-0", image: Samples.old, revision: "web-1", isReady: false, states: [notFound])
        },
        PodRow(name: "an old pod that crashes may be ready for a moment", code: .blockedByStuckPod, grace: .seconds(30))
        {
            $0[0] = Samples.pod("web-0", image: Samples.old, revision: "web-1", isReady: false, states: [looping])
        },
        PodRow(name: "an old pod that is merely not ready", code: nil) {
            $0[0] = Samples.pod("web-0", image: Samples.old, revision: "web-1", isReady: false)
        },
        PodRow(name: "a broken pod that is ending", code: nil) {
            $0[0] = Samples.pod("web-0", isReady: false, states: [notFound])
            $0[0].isBeingDeleted = true
        },
        PodRow(name: "somebody else's broken pod", code: nil) {
            $0[0] = Samples.pod("web-0", isReady: false, states: [notFound])
            $0[0].ownerUID = "uid-other"
        },
    ]

    // No node takes the pod: an autoscaler gets 30 seconds, and a scheduling gate is somebody's wish.
    static let scheduling = [
        PodRow(name: "unschedulable", code: .unschedulable, grace: .seconds(30)) {
            $0[0] = Samples.pod("web-0", isReady: false, states: [])
            $0[0].conditions.append(
                WorkloadCondition(type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes"))
        },
        PodRow(name: "gated", code: nil) {
            $0[0] = Samples.pod("web-0", isReady: false, states: [])
            $0[0].conditions.append(
                WorkloadCondition(type: "PodScheduled", status: "False", reason: "SchedulingGated"))
        },
    ]

    @Test("whose trouble counts", arguments: owners + scheduling)
    func pod(_ row: PodRow) {
        let start = ContinuousClock.now
        var workload = Samples.finished(row.kind)
        workload.status.ready = 2
        workload.isParallel = row.isParallel
        var pods = Samples.pods(of: row.kind)
        row.pods(&pods)
        var judge = RolloutJudge(target: Samples.target(row.kind), startedAt: start)
        let first = judge.judge(workload: workload, pods: pods, at: start)
        #expect(first.isFinal == (row.code != nil && row.grace == .zero))
        if row.grace > .zero { #expect(judge.nextDeadline == start + row.grace) }
        let later = row.code == nil ? judge.deadline - .seconds(1) : start + row.grace
        let last = judge.judge(workload: workload, pods: pods, at: later)
        if case .failed(let failure) = last {
            #expect(failure.code == row.code)
        } else {
            #expect(row.code == nil)
        }
    }

    @Test("one evicted pod is replaced, the second one fails the rollout")
    func evictions() {
        let now = ContinuousClock.now
        var workload = Samples.finished(.deployment)
        workload.status.ready = 2
        var judge = RolloutJudge(target: Samples.target(.deployment), startedAt: now)
        func evicted(_ name: String) -> PodState {
            var pod = Samples.pod(name, kind: .deployment, isReady: false, states: [])
            (pod.phase, pod.reason, pod.message) = ("Failed", "Evicted", "The node was low on resource: memory.")
            return pod
        }
        // Left over from before this rollout: a retry of the same version.
        var pods = Samples.pods(of: .deployment, count: 2) + [evicted("web-x"), evicted("web-y")]
        #expect(!judge.judge(workload: workload, pods: pods, at: now).isFinal)
        pods.append(evicted("web-a"))
        #expect(!judge.judge(workload: workload, pods: pods, at: now).isFinal)
        pods.append(evicted("web-b"))
        guard case .failed(let failure) = judge.judge(workload: workload, pods: pods, at: now) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .evicted && failure.message.contains("low on resource"))
    }
}
