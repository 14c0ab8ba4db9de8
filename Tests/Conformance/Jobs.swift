import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Jobs from their creation to their end, and the templates that they are made after.
    static let jobs: [Case] = [
        Case("a Job is created with a selector by its uid, which its pods carry") { ns in
            let made = try await ns.create(.jobs, Manifest.job("a"))
            #expect(made["spec", "selector", "matchLabels"] == ["controller-uid": .string(made.uid)])
            let labels: JSONValue = ["controller-uid": .string(made.uid), "job-name": "a"]
            #expect(made["spec", "template", "metadata", "labels"] == labels)
            #expect(made["metadata", "labels"] == labels)
            #expect(made["spec", "completions"] == 1)
            #expect(made["spec", "parallelism"] == 1)
            #expect(made["metadata", "generation"] == nil || made.generation == 1)
            _ = try await ns.state(of: .jobs, "a") { $0["status", "active"] == 1 }
            let pod = try #require(try await ns.list(.pods, ["labelSelector": "job-name=a"]).items.first)
            #expect(pod.name.hasPrefix("a-"))
            let owner = pod["metadata", "ownerReferences"]?[0]
            #expect(owner?["kind"] == "Job" && owner?["uid"]?.string == made.uid && owner?["controller"] == true)
        },
        Case("a Job whose pod succeeds: active, then Complete with its times") { ns in
            let made = try await ns.create(.jobs, Manifest.job("a"))
            let states = try await ns.states(of: .jobs, "a", from: made.resourceVersion) {
                $0.condition("Complete")?["status"] == "True"
            }
            #expect(states.contains { $0["status", "active"] == 1 && $0["status", "startTime"]?.string != nil })
            let status = try #require(states.last?["status"])
            #expect(status["succeeded"] == 1)
            #expect(status["active"] == nil && status["failed"] == nil)
            #expect(status["completionTime"]?.string != nil)
            let pod = try #require(try await ns.list(.pods).items.first)
            #expect(pod["status", "phase"] == "Succeeded")
            #expect(pod.containerStatus()?["state", "terminated", "reason"] == "Completed")
        },
        Case("a Job whose pod fails: Failed, in the controller's words, and the pod stays") { ns in
            try await ns.create(.jobs, Manifest.job("a", image: Manifest.image(.crashes)))
            let job = try await ns.state(of: .jobs, "a") { $0.condition("Failed")?["status"] == "True" }
            #expect(job.condition("Failed")?["reason"] == "BackoffLimitExceeded")
            #expect(job.condition("Failed")?["message"] == "Job has reached the specified backoff limit")
            #expect(job["status", "failed"] == 1)
            #expect(job["status", "active"] == nil && job["status", "completionTime"] == nil)
            let pod = try #require(try await ns.list(.pods).items.first)
            #expect(pod["status", "phase"] == "Failed")
            #expect(pod.containerStatus()?["state", "terminated", "exitCode"] == 1)
        },
        Case("a pod that fails is made good by another one, as often as backoffLimit says") { ns in
            try await ns.create(.jobs, Manifest.job("a", image: Manifest.image(.crashes), ["backoffLimit": 1]))
            let job = try await ns.state(of: .jobs, "a") { $0.condition("Failed")?["status"] == "True" }
            #expect(job["status", "failed"] == 2)
            #expect(try await ns.names(.pods).count == 2)
        },
        Case("with OnFailure the pod is restarted in place, and taken away when the Job fails") { ns in
            let policy: JSONValue = "OnFailure"
            var manifest = Manifest.job("a", image: Manifest.image(.crashes), ["backoffLimit": 1])
            manifest["spec", "template", "spec", "restartPolicy"] = policy
            let before = try await ns.list(.pods).resourceVersion
            try await ns.create(.jobs, manifest)
            let restarted: String? = try await ns.api.watch(ns.path(.pods), ["resourceVersion": before]) { events in
                while let event = try await events.next() {
                    let restarts = event.object["status", "containerStatuses"]?[0]?["restartCount"]?.integer
                    if restarts ?? 0 >= 1 { return event.name }
                }
                return nil
            }
            // The controller may have put off its next look for minutes; a change of the Job makes it look at once.
            _ = try await ns.patch(.jobs, "a", .merge, ["metadata": ["annotations": ["look": "now"]]])
            let job = try await ns.state(of: .jobs, "a") { $0.condition("Failed")?["status"] == "True" }
            #expect(job.condition("Failed")?["reason"] == "BackoffLimitExceeded")
            #expect(job["status", "failed"] == 1)
            // Only this pod: Kubernetes 1.20, which looks again before it has seen its own status, may make a second one, and
            // leaves that for ever.
            let name = try #require(restarted)
            try await ns.empty(.pods, ["fieldSelector": "metadata.name=\(name)"])
        },
        Case("a Job that outlasts its deadline fails, and its pod goes") { ns in
            let image = Manifest.image(.pullFails)
            try await ns.create(.jobs, Manifest.job("a", image: image, ["activeDeadlineSeconds": 1]))
            let job = try await ns.state(of: .jobs, "a") { $0.condition("Failed")?["status"] == "True" }
            #expect(job.condition("Failed")?["reason"] == "DeadlineExceeded")
            #expect(job.condition("Failed")?["message"] == "Job was active longer than specified deadline")
            try await ns.empty(.pods)
        },
        Case("several completions, so many at a time") { ns in
            try await ns.create(.jobs, Manifest.job("a", ["completions": 3, "parallelism": 2]))
            let job = try await ns.state(of: .jobs, "a") { state in
                #expect(state["status", "active"]?.integer ?? 0 <= 2)
                return state.condition("Complete")?["status"] == "True"
            }
            #expect(job["status", "succeeded"] == 3)
        },
        Case("a Job's pods may not be restarted always") { ns in
            var manifest = Manifest.job("a")
            manifest["spec", "template", "spec", "restartPolicy"] = "Always"
            let answer = try await ns.api.send(.post, ns.path(.jobs), body: manifest)
            expectRefusal(answer, 422, "Invalid")
            #expect(answer.object["details", "causes"]?[0]?["field"] == "spec.template.spec.restartPolicy")
        },
        Case("a Job's template cannot be changed") { ns in
            try await ns.create(.jobs, Manifest.job("a"))
            let change: JSONValue = ["spec": ["template": ["spec": ["terminationGracePeriodSeconds": 7]]]]
            expectRefusal(try await ns.patch(.jobs, "a", .strategic, change), 422, "Invalid")
        },
        Case("a Job deleted in the background takes its pods with it; by itself it leaves them") { ns in
            for name in ["a", "b"] {
                try await ns.create(.jobs, Manifest.job(name))
                _ = try await ns.state(of: .jobs, name) { $0.condition("Complete")?["status"] == "True" }
            }
            try await ns.delete(.jobs, "a", options: ["propagationPolicy": "Background"])
            try await ns.delete(.jobs, "b")
            try await ns.empty(.pods, ["labelSelector": "job-name=a"])
            #expect(try await ns.names(.pods, ["labelSelector": "job-name=b"]).count == 1)
        },
        Case("a CronJob is kept whole, and makes nothing while it is suspended") { ns in
            let resource = try await ns.cronJobs()
            try await ns.create(resource, Manifest.cronJob("check", resource))
            let kept = try await ns.get(resource, "check")
            #expect(kept["spec", "suspend"] == true)
            #expect(kept["spec", "jobTemplate", "spec", "backoffLimit"] == 0)
            #expect(kept["spec", "jobTemplate", "metadata", "labels", "team"] == "shop")
            let containers = kept["spec", "jobTemplate", "spec", "template", "spec", "containers"]
            #expect(containers?.first("app")?["image"]?.string == Manifest.good)
            expectRefusal(try await ns.api.get(ns.path(resource, "other")), 404, "NotFound")
            #expect(try await ns.names(.jobs).isEmpty)
        },
        Case("the right to one CronJob and to Jobs is what a check needs") { ns in
            let resource = try await ns.cronJobs()
            try await ns.create(resource, Manifest.cronJob("check", resource))
            let account = try await ns.account(rules: [
                PolicyRule(["get"], apiGroup: "batch", ["cronjobs"], names: ["check"]),
                PolicyRule(["get", "create", "delete"], apiGroup: "batch", ["jobs"]),
            ])
            #expect(try await account.get(ns.path(resource, "check")).status == 200)
            expectRefusal(try await account.get(ns.path(resource, "other")), 403, "Forbidden")
            #expect(try await account.send(.post, ns.path(.jobs), body: Manifest.job("a")).status == 201)
            #expect(try await account.get(ns.path(.jobs, "a")).status == 200)
            expectRefusal(try await account.get(ns.path(.jobs)), 403, "Forbidden")
            let options: JSONValue = ["propagationPolicy": "Background"]
            #expect(try await account.send(.delete, ns.path(.jobs, "a"), body: options).status == 200)
        },
    ]
}

extension Manifest {
    /// A Job of one pod that is tried once.
    static func job(_ name: String, image: String = good, _ spec: [String: JSONValue] = [:]) -> JSONValue {
        var object: JSONValue = ["apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": .string(name)]]
        object["spec", "backoffLimit"] = 0
        object["spec", "template", "spec", "restartPolicy"] = "Never"
        // A new namespace has no token to mount yet.
        object["spec", "template", "spec", "automountServiceAccountToken"] = false
        object["spec", "template", "spec", "terminationGracePeriodSeconds"] = 0
        object["spec", "template", "spec", "containers"] = [container("app", image)]
        for (field, value) in spec { object["spec", field] = value }
        return object
    }

    /// A suspended CronJob, due on a day that never comes.
    static func cronJob(_ name: String, _ resource: Resource) -> JSONValue {
        var object: JSONValue = ["apiVersion": .string(resource.apiVersion), "kind": "CronJob"]
        object["metadata"] = ["name": .string(name)]
        object["spec"] = ["schedule": "0 0 31 2 *", "suspend": true]
        object["spec", "jobTemplate", "metadata", "labels", "team"] = "shop"
        object["spec", "jobTemplate", "spec"] = job(name)["spec"]
        return object
    }
}

extension ConformanceNamespace {
    /// CronJobs are `batch/v1beta1` in Kubernetes 1.20, and `batch/v1` from 1.21 on.
    func cronJobs() async throws -> Resource {
        let list = try await api.get("/apis/batch/v1").accepted()
        let isStable = list["resources"]?.first("cronjobs") != nil
        return Resource(apiVersion: isStable ? "batch/v1" : "batch/v1beta1", plural: "cronjobs", kind: "CronJob")
    }

    /// Waits until nothing is left.
    func empty(_ resource: Resource, _ query: [String: String] = [:]) async throws {
        let list = try await list(resource, query)
        var left = Set(list.items.map(\.name))
        var query = query
        query["resourceVersion"] = list.resourceVersion
        try await api.watch(path(resource), query) { events in
            while !left.isEmpty, let event = try await events.next() {
                if event.type == "DELETED" { left.remove(event.name) } else { left.insert(event.name) }
            }
        }
        #expect(left.isEmpty)
    }
}
