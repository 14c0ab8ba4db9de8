import Sandbox
import TestServers
import Testing

extension Conformance {
    /// What a pod's status says for each way in which a container can end, and the events beside it: what Descry reads
    /// a failed rollout's reason from.
    static let podFates: [Case] = [
        Case("a container that runs: ready, with its image and its time") { ns in
            let made = try await ns.create(.pods, Manifest.pod("a"))
            #expect(made["status", "phase"] == "Pending")
            let states = try await ns.states(of: .pods, "a", from: made.resourceVersion) { $0.isReady }
            #expect(states.contains { $0["status", "phase"] == "Pending" })
            #expect(states.contains { $0.waiting() == "ContainerCreating" })
            let pod = try #require(states.last)
            #expect(pod["status", "phase"] == "Running")
            let status = try #require(pod.containerStatus())
            #expect(status["ready"] == true)
            #expect(status["started"] == true)
            #expect(status["restartCount"] == 0)
            #expect(status["image"]?.string == Manifest.good)
            #expect(status["imageID"]?.string?.isEmpty == false)
            #expect(status["state", "running", "startedAt"]?.string != nil)
            for condition in ["PodScheduled", "Initialized", "ContainersReady"] {
                #expect(pod.condition(condition)?["status"] == "True", "\(condition)")
            }
        },
        Case("an image that cannot be pulled: ErrImagePull, then ImagePullBackOff") { ns in
            let image = Manifest.image(.pullFails)
            let made = try await ns.create(.pods, Manifest.pod("a", image: image))
            let states = try await ns.states(of: .pods, "a", from: made.resourceVersion) {
                $0.waiting() == "ImagePullBackOff"
            }
            #expect(states.contains { $0.waiting() == "ErrImagePull" })
            let pod = try #require(states.last)
            #expect(pod["status", "phase"] == "Pending")
            #expect(pod.containerStatus()?["ready"] == false)
            #expect(
                pod.containerStatus()?["state", "waiting", "message"]?.string == "Back-off pulling image \"\(image)\"")
            #expect(pod.condition("Ready")?["reason"] == "ContainersNotReady")
            #expect(pod.condition("Ready")?["message"] == "containers with unready status: [app]")
        },
        Case("an image reference that is none: InvalidImageName") { ns in
            try await ns.create(.pods, Manifest.pod("a", image: "Registry/No Image:1"))
            let pod = try await ns.state(of: .pods, "a") { $0.waiting() == "InvalidImageName" }
            #expect(pod["status", "phase"] == "Pending")
        },
        Case("a Secret that is missing: CreateContainerConfigError") { ns in
            try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.configIsMissing)))
            let pod = try await ns.state(of: .pods, "a") { $0.waiting() == "CreateContainerConfigError" }
            #expect(pod.containerStatus()?["state", "waiting", "message"] == "secret \"app-config\" not found")
            #expect(pod["status", "phase"] == "Pending")
        },
        Case("an entry point that is missing: RunContainerError, exit code 128, then CrashLoopBackOff") { ns in
            let made = try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.entryPointIsMissing)))
            let states = try await ns.states(of: .pods, "a", from: made.resourceVersion) {
                $0.waiting() == "CrashLoopBackOff"
            }
            #expect(states.contains { $0.waiting() == "RunContainerError" })
            let last = states.last?.containerStatus()?["lastState", "terminated"]
            #expect(last?["reason"] == "StartError")
            #expect(last?["exitCode"] == 128)
        },
        Case("out of memory: OOMKilled, 137, then CrashLoopBackOff") { ns in
            let made = try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.outOfMemory)))
            let states = try await ns.states(of: .pods, "a", from: made.resourceVersion) {
                $0.waiting() == "CrashLoopBackOff"
            }
            #expect(states.contains { $0.containerStatus()?["state", "terminated", "reason"] == "OOMKilled" })
            let last = states.last?.containerStatus()?["lastState", "terminated"]
            #expect(last?["reason"] == "OOMKilled")
            #expect(last?["exitCode"] == 137)
        },
        Case("a crash: Error, 1, restarted at once, then CrashLoopBackOff of ten seconds") { ns in
            try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.crashes)))
            let pod = try await ns.state(of: .pods, "a") { $0.waiting() == "CrashLoopBackOff" }
            let status = try #require(pod.containerStatus())
            #expect(status["restartCount"] == 1)
            #expect(status["lastState", "terminated", "exitCode"] == 1)
            #expect(status["lastState", "terminated", "reason"] == "Error")
            #expect(
                status["state", "waiting", "message"]?.string
                    == "back-off 10s restarting failed container=app pod=a_\(ns.name)(\(pod.uid))")
            #expect(pod["status", "phase"] == "Running")
        },
        Case("ready, and a crash later: ready first, then not") { ns in
            let made = try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.crashesLater)))
            let states = try await ns.states(of: .pods, "a", from: made.resourceVersion) {
                $0.waiting() == "CrashLoopBackOff"
            }
            let ready = try #require(states.firstIndex { $0.isReady })
            #expect(ready < states.count - 1)
            #expect(states.last?.isReady == false)
        },
        Case("never ready: runs, and is not") { ns in
            try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.neverReady)))
            let pod = try await ns.state(of: .pods, "a") { $0.containerStatus()?["state", "running"] != nil }
            #expect(pod["status", "phase"] == "Running")
            #expect(pod.isReady == false)
            #expect(pod.containerStatus()?["ready"] == false)
        },
        Case("ready late: runs unready, and becomes ready by itself") { ns in
            let made = try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.readyLate)))
            let states = try await ns.states(of: .pods, "a", from: made.resourceVersion) { $0.isReady }
            #expect(states.contains { $0.containerStatus()?["state", "running"] != nil && !$0.isReady })
        },
        Case("a pod's image changed in place restarts its container and no other") { ns in
            var manifest = Manifest.pod("a")
            manifest["spec", "containers"] = [
                Manifest.container("app", Manifest.good), Manifest.container("proxy", Manifest.good),
            ]
            try await ns.create(.pods, manifest)
            try await ns.state(of: .pods, "a") { $0.isReady }
            let image: JSONValue = ["spec": ["containers": [Manifest.container("app", Manifest.better)]]]
            _ = try await ns.patch(.pods, "a", .strategic, image).accepted()
            let pod = try await ns.state(of: .pods, "a") {
                $0.containerStatus()?["image"]?.string == Manifest.better && $0.isReady
            }
            #expect(pod.containerStatus("proxy")?["restartCount"] == 0)
            #expect(pod.containerStatus("proxy")?["image"]?.string == Manifest.good)
        },
        Case("an init container that fails keeps the containers waiting") { ns in
            var manifest = Manifest.pod("a")
            manifest["spec", "initContainers"] = [Manifest.container("prepare", Manifest.image(.crashes))]
            try await ns.create(.pods, manifest)
            let pod = try await ns.state(of: .pods, "a") {
                $0["status", "initContainerStatuses"]?[0]?["state", "waiting", "reason"] == "CrashLoopBackOff"
            }
            #expect(pod.waiting() == "PodInitializing")
            #expect(pod["status", "phase"] == "Pending")
            #expect(pod.condition("Initialized")?["reason"] == "ContainersNotInitialized")
        },
        Case("a pod that fits on no node: PodScheduled is false, Unschedulable") { ns in
            var manifest = Manifest.pod("a")
            manifest["spec", "nodeSelector"] = ["no": "such-node"]
            try await ns.create(.pods, manifest)
            let pod = try await ns.state(of: .pods, "a") { $0.condition("PodScheduled")?["status"] == "False" }
            #expect(pod.condition("PodScheduled")?["reason"] == "Unschedulable")
            #expect(pod["status", "phase"] == "Pending")
            #expect(pod["spec", "nodeName"] == nil)
        },
        Case("the controllers tell what they do in events") { ns in
            try await ns.running("web", replicas: 1)
            try await ns.create(.deployments, Manifest.workload(.deployments, "site"))
            let set = try await ns.event(of: "StatefulSet", "web", "SuccessfulCreate")
            #expect(set["type"] == "Normal")
            #expect(set["involvedObject", "namespace"]?.string == ns.name)
            #expect(set["message"] == "create Pod web-0 in StatefulSet web successful")
            #expect(set["source", "component"] == "statefulset-controller")
            let scaled = try await ns.event(of: "Deployment", "site", "ScalingReplicaSet")
            #expect(scaled["message"]?.string?.hasPrefix("Scaled up replica set site-") == true)
            #expect(scaled["source", "component"] == "deployment-controller")
        },
    ]
}

extension ConformanceNamespace {
    /// The first event of this reason about an object.
    func event(of kind: String, _ name: String, _ reason: String) async throws -> JSONValue {
        let selector = "involvedObject.kind=\(kind),involvedObject.name=\(name),reason=\(reason)"
        let found = try await api.watch(path(.events), ["fieldSelector": selector]) { try await $0.next() }
        guard let found else { throw APIClient.Refused(status: 200, text: "no event \(selector)") }
        return found.object
    }
}
