import Testing

@testable import Sandbox

/// Every fate in its states, in the words of scripts/control-plane/containerstates.py.
@Suite struct PodLifecycleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let tag: String
        let states: [String]
        var testDescription: String { tag }
    }

    private static let rows = [
        // What a word chooses.
        Row(tag: "1.0.0", states: ["ContainerCreating", "running ready"]),
        Row(tag: "1.0.0-bad", states: ["ContainerCreating", "ErrImagePull", "ImagePullBackOff"]),
        Row(tag: "config", states: ["ContainerCreating", "CreateContainerConfigError"]),
        Row(tag: "exec", states: ["ContainerCreating", "RunContainerError StartError", "CrashLoopBackOff StartError"]),
        Row(tag: "oom", states: ["ContainerCreating", "OOMKilled", "CrashLoopBackOff OOMKilled"]),
        Row(tag: "crash", states: ["ContainerCreating", "Error", "CrashLoopBackOff Error"]),
        Row(tag: "crashlater", states: ["ContainerCreating", "running ready", "Error", "CrashLoopBackOff Error"]),
        Row(tag: "unready", states: ["ContainerCreating", "running"]),
        Row(tag: "slow", states: ["ContainerCreating", "running", "running ready"]),
        // Sick is what a pod answers, not what its status says.
        Row(tag: "sick", states: ["ContainerCreating", "running ready"]),
        // What the SHA of a version chooses.
        Row(
            tag: "1.1.0-rc-bad0004063785074bc3702c003333852fc8d9a34",
            states: ["ContainerCreating", "OOMKilled", "CrashLoopBackOff OOMKilled"]),
        // A word within a word is none, nor a SHA elsewhere than at the end.
        Row(tag: "badge-bad0001-1", states: ["ContainerCreating", "running ready"]),
        // No reference at all.
        Row(tag: "UPPER:CASE", states: ["InvalidImageName"]),
    ]

    private static func text(_ pod: JSONValue) -> String {
        guard let status = pod["status", "containerStatuses"]?.array?.first, let state = status["state"]?.object?.first
        else {
            return ""
        }
        let last = status["lastState", "terminated", "reason"]?.string
        return [state.value["reason"]?.string ?? state.key, status["ready"] == true ? "ready" : nil, last]
            .compactMap { $0 }.joined(separator: " ")
    }

    private static func pod(_ tag: String, annotations: JSONValue = .object([:]), _ spec: [String: JSONValue] = [:])
        -> JSONValue
    {
        var pod: JSONValue = [
            "metadata": ["annotations": annotations],
            "spec": ["containers": [["name": "app", "image": .string("r.example/app:\(tag)")]]],
            "status": ["phase": "Pending"],
        ]
        for (field, value) in spec { pod["spec", field] = value }
        return pod
    }

    private static let key = ControlledCluster.key(.pods, "p")

    @Test(arguments: rows) func `an image's tag chooses what becomes of its container`(_ row: Row) throws {
        var cluster = ControlledCluster()
        try cluster.store.create(Self.key, Self.pod(row.tag))
        cluster.pass(9)
        #expect(try cluster.sequence(.pods, "p", Self.text).filter { !$0.isEmpty } == row.states)
        let isReady = row.states.last == "running ready"
        #expect(Pod(object: try #require(cluster.pod("p"))).isReady == isReady)
    }

    @Test func `a crash loop goes on for ever, and waits longer each time up to five minutes`() throws {
        var cluster = ControlledCluster()
        try cluster.store.create(Self.key, Self.pod("crash"))
        cluster.pass(3_600)
        let messages = try cluster.sequence(.pods, "p") { pod in
            let state = pod["status", "containerStatuses"]?.array?.first?["state", "waiting", "message"]?.string
            return state.flatMap { $0.split(separator: " ").dropFirst().first }.map { String($0) } ?? ""
        }
        #expect(messages.filter { !$0.isEmpty } == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"])
        let restarts = cluster.pod("p")?["status", "containerStatuses"]?.array?.first?["restartCount"]
        #expect((restarts?.integer ?? 0) > 10)
        #expect(cluster.events("p").contains { $0.hasPrefix("BackOff ×\(restarts?.integer ?? 0) Back-off restarting") })
    }

    @Test func `the annotation chooses over the tag`() throws {
        var cluster = ControlledCluster()
        try cluster.store.create(Self.key, Self.pod("1.0.0", annotations: .object([Fate.annotation: "bad"])))
        cluster.pass(5)
        #expect(cluster.state("p") == "ImagePullBackOff")
    }

    @Test func `an image that is changed in place restarts its container`() throws {
        var cluster = ControlledCluster()
        try cluster.store.create(Self.key, Self.pod("bad"))
        cluster.pass(5)
        try cluster.change(.pods, "p") { $0["spec", "containers"] = [["name": "app", "image": "r.example/app:good"]] }
        cluster.pass(5)
        #expect(cluster.state("p") == "running")
        #expect(cluster.pod("p")?["status", "containerStatuses"]?.array?.first?["restartCount"] == 1)
    }

    @Test func `init containers go first, and the others wait for them`() throws {
        var cluster = ControlledCluster()
        let spec: [String: JSONValue] = ["initContainers": [["name": "init", "image": "r.example/init:one"]]]
        try cluster.store.create(Self.key, Self.pod("one", spec))
        cluster.pass(5)
        #expect(
            try cluster.sequence(.pods, "p", Self.text).filter { !$0.isEmpty } == [
                "PodInitializing", "ContainerCreating", "running ready",
            ])
        try cluster.store.remove(Self.key)
        let broken: [String: JSONValue] = ["initContainers": [["name": "init", "image": "r.example/init:crash"]]]
        try cluster.store.create(Self.key, Self.pod("one", broken))
        cluster.pass(5)
        #expect(cluster.state("p") == "PodInitializing")
        #expect(cluster.pod("p")?["status", "phase"] == "Pending")
    }

    @Test func `a pod that the node cannot take stays unscheduled and says why`() throws {
        var cluster = ControlledCluster()
        try cluster.store.create(Self.key, Self.pod("one", ["nodeSelector": ["disk": "ssd"]]))
        cluster.pass(5)
        let condition = try #require(cluster.pod("p")?["status", "conditions"]?.array?.first)
        #expect(condition["reason"] == "Unschedulable")
        #expect(condition["message"] == "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity.")
        #expect(cluster.pod("p")?["spec", "nodeName"] == nil)
        try cluster.deletePod("p")
        #expect(cluster.pod("p") == nil)
    }

    @Test func `a deleted pod ends, and another of its name is none of its business`() throws {
        var cluster = ControlledCluster()
        try cluster.store.create(Self.key, Self.pod("one"))
        cluster.pass(5)
        try cluster.deletePod("p")
        #expect(cluster.pod("p")?["metadata", "deletionGracePeriodSeconds"] == 30)
        cluster.pass(0.05)
        #expect(cluster.pod("p") != nil)
        cluster.pass(0.1)
        #expect(cluster.pod("p") == nil)
        #expect(cluster.events("p").contains("Killing ×1 Stopping container app"))
        try cluster.store.create(Self.key, Self.pod("one"))
        cluster.pass(5)
        #expect(cluster.state("p") == "running")
    }
}
