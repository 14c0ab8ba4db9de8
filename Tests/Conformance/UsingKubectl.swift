import Sandbox
import TestServers
import Testing

extension Conformance {
    /// What a user does with `kubectl`: each command ends with 0 and says what it should.
    public static let usingKubectl: [Case] = [
        Case("kubectl get") { ns in
            try await ns.running("web", replicas: 1)
            let sets = try await ns.kubectl("get", "statefulsets")
            #expect(sets.contains(/NAME +READY +AGE/))
            #expect(sets.contains(/web +1\/1/))
            let pods = try await ns.kubectl("get", "pods")
            #expect(pods.contains(/NAME +READY +STATUS +RESTARTS +AGE/))
            #expect(pods.contains(/web-0 +1\/1 +Running +0/))
            let wide = try await ns.kubectl("get", "sts,po", "-o", "wide")
            #expect(wide.contains(/statefulset.apps\/web +1\/1 .* app +\S+/))
            #expect(wide.contains(/pod\/web-0/))
            let name = try await ns.kubectl("get", "sts", "web", "-o", "jsonpath={.metadata.name}")
            #expect(name == "web")
            #expect(try await ns.kubectl("get", "pods", "-l", "app=web", "-o", "name") == "pod/web-0\n")
            #expect(try await ns.kubectl("get", "pods", "-A").contains("web-0"))
        },
        Case("kubectl get of every kind that is served") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "site"))
            _ = try await ns.rolledOut(made)
            _ = try await ns.event(of: "Deployment", "site", "ScalingReplicaSet")
            try await ns.create(.leases, ns.lease("a"))
            for (kinds, words) in [
                ("deployments", "UP-TO-DATE"), ("replicasets", "DESIRED"), ("leases", "HOLDER"),
                ("namespaces", "Active"), ("events", "ScalingReplicaSet"), ("configmaps", "DATA"),
            ] {
                if kinds == "configmaps" { try await ns.create(.configMaps, Manifest.configMap("a")) }
                #expect(try await ns.kubectl("get", kinds).contains(words), "\(kinds)")
            }
        },
        Case("kubectl get tells why a pod does not run") { ns in
            try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.crashes)))
            try await ns.create(.pods, Manifest.pod("b", image: Manifest.image(.pullFails)))
            try await ns.state(of: .pods, "a") { $0.waiting() == "CrashLoopBackOff" }
            try await ns.state(of: .pods, "b") { $0.waiting() == "ImagePullBackOff" }
            let pods = try await ns.kubectl("get", "pods")
            #expect(pods.contains(/a +0\/1 +CrashLoopBackOff +[1-9]/))
            #expect(pods.contains(/b +0\/1 +ImagePullBackOff +0/))
        },
        Case("kubectl describe") { ns in
            try await ns.running("web", replicas: 1)
            _ = try await ns.event(of: "StatefulSet", "web", "SuccessfulCreate")
            let set = try await ns.kubectl("describe", "statefulset", "web")
            #expect(set.contains(/Pods Status: +1 Running/))
            #expect(set.contains("SuccessfulCreate"))
            let pod = try await ns.kubectl("describe", "pod", "web-0")
            #expect(pod.contains(/Controlled By: +StatefulSet\/web/))
            #expect(pod.contains(Manifest.good))
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "site"))
            _ = try await ns.rolledOut(made)
            _ = try await ns.event(of: "Deployment", "site", "ScalingReplicaSet")
            let deployment = try await ns.kubectl("describe", "deployment", "site")
            #expect(deployment.contains(/NewReplicaSet: +site-/))
            #expect(deployment.contains("ScalingReplicaSet"))
        },
        Case("kubectl describe lists the events that a client has posted, with who it was") { ns in
            let set = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            try await ns.create(.events, ns.event("web.1", about: set))
            let text = try await ns.kubectl("describe", "statefulset", "web")
            #expect(text.contains(/Warning +RolloutFailed +\S+ +descry +1.1.0 cannot be pulled/), "\(text)")
        },
        Case("kubectl rollout status, history and restart") { ns in
            try await ns.running("web", replicas: 1)
            #expect(try await ns.kubectl("rollout", "status", "statefulset/web").contains("complete"))
            try await ns.kubectl("rollout", "restart", "statefulset/web")
            let finished = try await ns.kubectl("rollout", "status", "statefulset/web", "--timeout=30s")
            #expect(finished.contains("roll out complete"))
            #expect(try await ns.kubectl("rollout", "history", "statefulset/web").contains("\n2 "))
            try await ns.create(.deployments, Manifest.workload(.deployments, "site"))
            let rolled = try await ns.kubectl("rollout", "status", "deployment/site", "--timeout=30s")
            #expect(rolled.contains("successfully rolled out"))
        },
        Case("kubectl create, patch, label, set image, scale and delete") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            let manifest = try Manifest.workload(.statefulSets, "web", replicas: 0).json()
            try await ns.kubectl(
                "create", "--validate=false", "-f", "-", input: String(decoding: manifest, as: UTF8.self))
            for type in ["merge", "strategic"] {
                let patch = #"{"metadata":{"annotations":{"by":"\#(type)"}}}"#
                #expect(try await ns.kubectl("patch", "sts", "web", "--type", type, "-p", patch).contains("patched"))
            }
            try await ns.kubectl("label", "sts", "web", "a=b")
            try await ns.kubectl("set", "image", "sts/web", "app=\(Manifest.better)")
            let object = try await ns.get(.statefulSets, "web")
            #expect(object.image() == Manifest.better)
            #expect(object["metadata", "labels", "a"] == "b")
            #expect(object["metadata", "annotations", "by"] == "strategic")
            try await ns.kubectl("delete", "sts/web", "configmap/a")
            #expect(try await ns.names(.statefulSets).isEmpty)
        },
        Case("kubectl apply, and its server-side form with a conflict") { ns in
            let manifest = try Manifest.workload(.statefulSets, "web", replicas: 0).json()
            let text = String(decoding: manifest, as: UTF8.self)
            #expect(try await ns.kubectl("apply", "--validate=false", "-f", "-", input: text).contains("created"))
            #expect(try await ns.kubectl("apply", "--validate=false", "-f", "-", input: text).contains("unchanged"))
            _ = try await ns.apply(
                .statefulSets, "web", by: "descry", force: true, Manifest.deployment(of: Manifest.better)
            ).accepted()
            do {
                try await ns.kubectl("apply", "--server-side", "--validate=false", "-f", "-", input: text)
                Issue.record("kubectl apply --server-side over another manager's image went through")
            } catch let failure as Program.Failure {
                #expect(failure.description.contains("conflict with \"descry\""))
            }
        },
        Case("kubectl get jobs and cronjobs, logs, and delete job") { ns in
            try await ns.create(.jobs, Manifest.job("a"))
            _ = try await ns.state(of: .jobs, "a") { $0.condition("Complete")?["status"] == "True" }
            let jobs = try await ns.kubectl("get", "jobs")
            #expect(jobs.contains(/NAME .*COMPLETIONS +DURATION +AGE/))
            #expect(jobs.contains(/a .*1\/1 +\d+s +\d+s/))
            #expect(try await ns.kubectl("logs", "job/a").contains("app: done\n"))
            #expect(try await ns.kubectl("logs", "job/a", "--tail=1") == "app: done\n")
            let resource = try await ns.cronJobs()
            try await ns.create(resource, Manifest.cronJob("check", resource))
            #expect(try await ns.kubectl("get", "cronjobs").contains(/check +0 0 31 2 \* .*True +0 +<none>/))
            try await ns.kubectl("delete", "job/a", "cronjob/check")
            #expect(try await ns.names(.jobs).isEmpty)
        },
        Case("kubectl wait") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            let waited = try await ns.kubectl("wait", "--for=condition=Ready", "pod/a", "--timeout=30s")
            #expect(waited.contains("condition met"))
        },
    ]
}
