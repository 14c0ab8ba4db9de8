import Testing
import Workloads

@testable import Rollouts

/// Whole rollouts, recorded from Kubernetes 1.20.2 with its real controllers, played back event by event.
@Suite struct RecordedRolloutTests {
    struct Proof: Sendable, CustomTestStringConvertible {
        let fixture: String
        let replicas: Int
        var testDescription: String { fixture }
    }

    @Test(
        "proven at the last event that matters, and not before",
        arguments: [
            // One per kind: nothing goes wrong.
            Proof(fixture: "statefulset-good", replicas: 3), Proof(fixture: "deployment-good", replicas: 3),
            Proof(fixture: "daemonset-good", replicas: 1),
            // Ready is not yet available.
            Proof(fixture: "deployment-min-ready", replicas: 2),
            // Nothing to wait for but the controller.
            Proof(fixture: "statefulset-scaled-to-zero", replicas: 0),
            Proof(fixture: "deployment-scaled-to-zero", replicas: 0),
            // The template is Descry's already and a partition kept it from most pods.
            Proof(fixture: "statefulset-partition-reset", replicas: 3),
            // An autoscaler changes `replicas` in the middle.
            Proof(fixture: "statefulset-scaled-meanwhile", replicas: 4),
            // What a former, broken rollout left behind.
            Proof(fixture: "statefulset-parallel-after-revert", replicas: 3),
            Proof(fixture: "deployment-revert-after-deadline", replicas: 3),
            // A registry that hiccups once.
            Proof(fixture: "statefulset-passing-pull", replicas: 2),
        ])
    func proven(_ row: Proof) throws {
        let recording = try Recording.load(row.fixture)
        var verdicts: [Verdict] = []
        let last = recording.play { verdicts.append($1) }
        guard case .proven(let progress) = last else {
            Issue.record("\(row.fixture) ended with \(last)")
            return
        }
        #expect(progress == RolloutProgress(replicas: row.replicas, updated: row.replicas, ready: row.replicas))
        #expect(verdicts.count { $0.isFinal } == 1)
        // Without the last event about the workload itself the rollout is not proven: the judge did not guess.
        var cut = recording
        let found = cut.entries.lastIndex { if case .workload = $0.event { true } else { false } }
        let lastOfWorkload = try #require(found)
        cut.entries.removeSubrange(lastOfWorkload...)
        let early = cut.play()
        #expect(!early.isFinal, "\(early)")
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let fixture: String
        let code: RolloutFailure.Code
        var reason: String
        var words: String
        /// The longest time from the pod's first bad status to the verdict.
        var within: Duration = .zero
        var testDescription: String { fixture }
    }

    @Test(
        "failed with the words of the container or the controller",
        arguments: [
            // Pulls: the runtime's own words say that there is no such image, on every kind.
            Failure(
                fixture: "statefulset-broken-pull", code: .imagePull, reason: "ErrImagePull", words: "not found"),
            Failure(
                fixture: "deployment-broken-pull", code: .imagePull, reason: "ErrImagePull", words: "not found"),
            Failure(fixture: "daemonset-broken-pull", code: .imagePull, reason: "ErrImagePull", words: "not found"),
            // The container starts and ends: its last run speaks, not the back-off.
            Failure(
                fixture: "statefulset-crash-loop", code: .crashLoop, reason: "CrashLoopBackOff",
                words: "exit code 1: FATAL: database \"shop\" does not exist"),
            Failure(
                fixture: "statefulset-oom-killed", code: .oomKilled, reason: "OOMKilled", words: "exit code 137"),
            Failure(
                fixture: "statefulset-init-crash", code: .crashLoop, reason: "CrashLoopBackOff",
                words: "exit code 3: migration 42 failed"),
            // The container cannot even be made.
            Failure(
                fixture: "statefulset-config-error", code: .configError, reason: "CreateContainerConfigError",
                words: "secret \"shop-database\" not found"),
            Failure(
                fixture: "statefulset-unschedulable", code: .unschedulable, reason: "Unschedulable",
                words: "0/3 nodes are available: 3 Insufficient memory.", within: .seconds(30)),
            // kubernetes#67250: the broken pod of the version before is in the way.
            Failure(
                fixture: "statefulset-stuck-after-revert", code: .blockedByStuckPod, reason: "ImagePullBackOff",
                words: "registry.example.com/shop/web:1.1.0-release-bad4e6f"),
            // The controller's own words.
            Failure(
                fixture: "deployment-quota", code: .replicaFailure, reason: "FailedCreate",
                words: "exceeded quota: two-pods", within: .seconds(5)),
            Failure(fixture: "deployment-paused", code: .paused, reason: "DeploymentPaused", words: "is paused"),
            // Somebody else comes in between.
            Failure(fixture: "statefulset-superseded", code: .superseded, reason: "Superseded", words: "9.9.9"),
            Failure(fixture: "statefulset-deleted", code: .deleted, reason: "Deleted", words: "was deleted"),
            // A partition left in place would never finish.
            Failure(
                fixture: "statefulset-partition-left", code: .timedOut, reason: "TimedOut",
                words: "1 of 3 pods updated", within: .seconds(60)),
        ])
    func failed(_ row: Failure) throws {
        let recording = try Recording.load(row.fixture)
        var failedAt: Duration?
        let last = recording.play(after: .seconds(70)) { if $1.isFinal { failedAt = $0 } }
        guard case .failed(let failure) = last else {
            Issue.record("\(row.fixture) ended with \(last)")
            return
        }
        #expect(failure.code == row.code)
        #expect(failure.reason == row.reason)
        #expect(failure.message.contains(row.words), "\(failure.message)")
        let end = try #require(recording.entries.last).at
        let moment = try #require(failedAt)
        #expect(moment <= end + row.within)
    }

    @Test("a pull that fails is told at the very event that reports it")
    func promptness() throws {
        for fixture in ["statefulset-broken-pull", "deployment-broken-pull", "daemonset-broken-pull"] {
            let recording = try Recording.load(fixture)
            var failedAt: Duration?
            _ = recording.play { if $1.isFinal { failedAt = $0 } }
            let found = recording.entries.first { entry in
                guard case .pod(let pod, _) = entry.event else { return false }
                return pod.containerStates.contains {
                    if case .waiting(reason: "ErrImagePull", message: _) = $0.phase { true } else { false }
                }
            }
            let firstBad = try #require(found)
            #expect(failedAt == firstBad.at, "\(fixture)")
        }
    }

    @Test("the stuck pod is named with the line that mends it")
    func stuckPod() throws {
        let recording = try Recording.load("statefulset-stuck-after-revert")
        guard case .failed(let failure) = recording.play() else {
            Issue.record("not failed")
            return
        }
        #expect(failure.pod == "web-2")
        #expect(failure.hint == "kubectl delete pod web-2")
    }

    @Test("where pods cannot be read, the workload's status alone proves a rollout and says so")
    func withoutPods() throws {
        for fixture in ["statefulset-good", "deployment-good", "daemonset-good"] {
            guard case .proven(let progress) = try Recording.load(fixture).play(readsPods: false) else {
                Issue.record("\(fixture) is not proven")
                continue
            }
            #expect(!progress.hasSeenPods)
        }
        let broken = try Recording.load("statefulset-broken-pull").play(readsPods: false, after: .seconds(70))
        guard case .failed(let failure) = broken else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .timedOut)
    }
}
