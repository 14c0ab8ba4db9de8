import Kubernetes
import Reporting
import Scenes
import TestServers
import Testing
import Workloads

@testable import Reconciling
@testable import Sandbox

/// The check by a Job: its ends, and what is left behind.
@Suite(.timeLimit(.minutes(15)))
struct VerifyJobTests {
    @Test func `a Job that succeeds: passed, with its log, and it stays to be looked at`() async throws {
        try await VerifyScene.run(.runs) { scene in
            let events = Events()
            let report = try await scene.verify(events)
            #expect(report.outcome == .passed && report.failure == nil, "\(report)")
            let name = try #require(report.job)
            #expect(name.wholeMatch(of: /smoke-descry-a1b2c3-[a-z0-9]{5}/) != nil)
            let image = VerifyScene.image(.runs)
            #expect(report.log == ["smoke: started \(image)", "smoke: done"])
            #expect(events.states.first == .started(job: name))
            #expect(events.states.last == .passed(seconds: report.seconds))
            #expect(try await scene.cluster.job(name, namespace: "shop")?.outcome == .complete)
        }
    }

    @Test func `the Job is the template whole, with what tells whose it is, and ends of its own`() async throws {
        try await VerifyScene.run(.runs, spec: ["completions": 2]) { scene in
            let report = try await scene.verify(timeout: .seconds(60))
            let job = try #require(scene.objects(.jobs).first)
            #expect(job["metadata", "name"]?.string == report.job)
            #expect(job["metadata", "labels"] == ["app.kubernetes.io/managed-by": "descry", "team": "shop"])
            #expect(job["metadata", "annotations", "descry.dev/environment"] == "DEV")
            #expect(job["metadata", "annotations", "descry.dev/commit"]?.string == VerifyScene.commit)
            #expect(job["metadata", "ownerReferences"] == nil)
            #expect(job["spec", "template", "metadata", "labels", "part"] == "checks")
            #expect(job["spec", "completions"] == 2 && job["status", "succeeded"] == 2)
            #expect(job["spec", "suspend"] == false)
            #expect(job["spec", "activeDeadlineSeconds"] == 90)
            #expect(job["spec", "ttlSecondsAfterFinished"] == 86400)
        }
    }

    @Test func `a template's own, shorter limits stand`() async throws {
        let own: [String: JSONValue] = ["activeDeadlineSeconds": 30, "ttlSecondsAfterFinished": 5]
        try await VerifyScene.run(.runs, spec: own) { scene in
            _ = try await scene.verify()
            let spec = try #require(scene.objects(.jobs).first?["spec"])
            #expect(spec["activeDeadlineSeconds"] == 30 && spec["ttlSecondsAfterFinished"] == 5)
        }
    }

    @Test func `a suspended Job is a template too, less what is that Job's own`() async throws {
        try await VerifyScene.run(nil) { scene in
            var template: JSONValue = ["apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": "smoke"]]
            template["spec"] = VerifyScene.jobSpec(.runs, ["suspend": true])
            try scene.sandbox.create(template, namespace: "shop")
            let report = try await scene.verify()
            #expect(report.outcome == .passed, "\(report)")
            let labels = scene.objects(.pods).map { $0["metadata", "labels", "job-name"]?.string }
            #expect(labels == [report.job])
        }
    }

    @Test func `a Job that fails: with pod, container, exit code and log`() async throws {
        try await VerifyScene.run(.crashes) { scene in
            let report = try await scene.verify()
            let failure = try #require(report.failure)
            #expect(report.outcome == .failed && failure.code == "verify-failed")
            #expect(failure.reason == "BackoffLimitExceeded" && failure.container == "smoke")
            #expect(failure.message.contains("exit code 1"))
            #expect(report.log?.last == "smoke: error: exit code 1")
            let name = try #require(report.job)
            #expect(failure.pod?.hasPrefix(name) == true)
            // Its pods and their logs are what a person will look at.
            #expect(try await scene.cluster.job(name, namespace: "shop") != nil)
        }
    }

    /// It would be pending until the time is up; the container's own words come after twenty seconds.
    @Test func `a pod that cannot start fails the check early, and the Job is deleted`() async throws {
        try await VerifyScene.run(.pullFails) { scene in
            let clock = SteppingClock()
            let report = try await scene.verify(timeout: .seconds(600), clock: clock)
            let failure = try #require(report.failure)
            #expect(failure.code == "verify-failed" && failure.container == "smoke", "\(report)")
            #expect(["ErrImagePull", "ImagePullBackOff"].contains(failure.reason))
            #expect(clock.now.offset < .seconds(300))
            #expect(scene.jobNames == [])
        }
    }

    @Test func `a Job that goes on when the time is up is deleted, and its pod with it`() async throws {
        try await VerifyScene.run(.runs, podDelay: .seconds(600)) { scene in
            let clock = SteppingClock()
            let report = try await scene.verify(timeout: .seconds(30), clock: clock)
            #expect(report.failure?.code == "verify-timed-out", "\(report)")
            #expect(report.seconds == 30)
            #expect(scene.jobNames == [])
        }
    }

    @Test func `no template, no check`() async throws {
        try await VerifyScene.run(nil) { scene in
            let report = try await scene.verify()
            #expect(report.failure?.code == "verify-missing" && report.job == nil)
        }
    }

    /// What each right is for: without it the check cannot be made, or the report says what is missing.
    @Test(arguments: [("get cronjobs", false), ("create jobs", false), ("get jobs", true)])
    func `a right that is missing is named`(_ right: String, isMade: Bool) async throws {
        try await VerifyScene.run(.runs, denied: [right]) { scene in
            let report = try await scene.verify()
            let failure = try #require(report.failure)
            #expect(failure.code == "forbidden", "\(report)")
            #expect(failure.hint?.contains("descry rbac") == true)
            #expect((report.job != nil) == isMade)
            #expect(scene.jobNames == [])
        }
    }

    @Test(arguments: ["get pods/log", "list pods"])
    func `without the right to the log a check passes all the same`(_ right: String) async throws {
        try await VerifyScene.run(.runs, denied: [right]) { scene in
            let report = try await scene.verify()
            #expect(report.outcome == .passed && report.log == nil, "\(report)")
        }
    }

    @Test func `a Job that cannot be deleted is named, with the command that does it`() async throws {
        try await VerifyScene.run(.runs, denied: ["delete jobs"], podDelay: .seconds(600)) { scene in
            let report = try await scene.verify(timeout: .seconds(5), clock: SteppingClock())
            let name = try #require(report.job)
            #expect(report.failure?.hint == "kubectl -n shop delete job \(name)", "\(report)")
        }
    }

    @Test func `a cancelled check leaves nothing behind`() async throws {
        try await VerifyScene.run(.runs, podDelay: .seconds(600)) { scene in
            let events = Events()
            let task = Task { try await scene.verify(events) }
            let name = try #require(await events.started())
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await scene.cluster.job(name, namespace: "shop") == nil)
        }
    }

    @Test func `a Job that somebody deletes has not succeeded`() async throws {
        try await VerifyScene.run(.runs, podDelay: .seconds(600)) { scene in
            let events = Events()
            let task = Task { try await scene.verify(events) }
            let name = try #require(await events.started())
            try scene.sandbox.store.remove(ObjectKey(resource: .jobs, namespace: "shop", name: name))
            let report = try await task.value
            #expect(report.failure?.code == "verify-failed", "\(report)")
            #expect(report.failure?.message.contains("deleted") == true)
        }
    }

    /// The API server's own troubles: refused, cut off in the middle of the creation's answer, and gone while it runs.
    @Test(arguments: [
        (Faults.Fault.refusal(503), "create"), (.cutBody(afterBytes: 20), "create"), (.reset, "create"),
        (.refusal(503), "get"), (.reset, "get"),
    ])
    func `what passes is borne with`(_ fault: Faults.Fault, verb: String) async throws {
        try await VerifyScene.run(.runs) { scene in
            scene.sandbox.faults.inject(fault, into: .init(verb: verb, resource: "jobs"), times: 2)
            let report = try await scene.verify()
            #expect(report.outcome == .passed, "\(report)")
            // Sent again, and yet one only.
            #expect(scene.jobNames == [report.job])
        }
    }
}
