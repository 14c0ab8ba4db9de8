import Sandbox
import TestServers
import Testing

extension Conformance {
    /// The whole sequence of a workload's status through a rollout, as the real controllers write it.
    ///
    /// A busy controller skips states, so what is told must be in the sequence, in its order, up to its end. One line is
    /// one status: generation/observedGeneration, replicas, ready, current and updated replicas, and the revisions by
    /// the order in which they appeared.
    static let statusSequences: [Case] = [
        Case("every status of a StatefulSet that is created") { ns in
            let made = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 2))
            try await ns.expectSequence(of: .statefulSets, from: made, Self.created)
        },
        Case("every status of a StatefulSet that is rolled") { ns in
            let old = try await ns.running("web", replicas: 2)
            _ = try await ns.roll("web", to: Manifest.better)
            try await ns.expectSequence(
                of: .statefulSets, from: old,
                [
                    "2/1 replicas=2 ready=2 current=2 updated=2 r1 r1",
                    "2/2 replicas=2 ready=2 current=1 updated=0 r1 r2",
                    "2/2 replicas=2 ready=1 current=1 updated=1 r1 r2",
                    "2/2 replicas=2 ready=2 current=0 updated=1 r1 r2",
                    "2/2 replicas=2 ready=1 current=0 updated=2 r1 r2",
                    "2/2 replicas=2 ready=2 current=2 updated=2 r2 r2",
                ])
        },
        Case("every status of a StatefulSet that is stuck, reverted, and freed of its stuck pod") { ns in
            let old = try await ns.running("web", replicas: 2)
            try await ns.roll("web", to: .pullFails)
            let pod = try await ns.state(of: .pods, "web-1") { $0.waiting() == "ImagePullBackOff" }
            try await ns.roll("web", to: .runs)
            try await ns.state(of: .statefulSets, "web") { $0["status", "observedGeneration"] == 3 }
            try await ns.delete(.pods, "web-1", options: ["preconditions": ["uid": .string(pod.uid)]])
            try await ns.expectSequence(
                of: .statefulSets, from: old,
                [
                    "2/1 replicas=2 ready=2 current=2 updated=2 r1 r1",
                    "2/2 replicas=2 ready=2 current=1 updated=0 r1 r2",
                    "2/2 replicas=2 ready=1 current=1 updated=1 r1 r2",
                    "3/2 replicas=2 ready=1 current=1 updated=1 r1 r2",
                    "3/3 replicas=2 ready=1 current=1 updated=1 r1 r1",
                    "3/3 replicas=2 ready=1 current=2 updated=2 r1 r1",
                    "3/3 replicas=2 ready=2 current=2 updated=2 r1 r1",
                ])
        },
        Case("every status of a StatefulSet with a partition, which is then taken away") { ns in
            let old = try await ns.running("web", replicas: 3)
            _ = try await ns.roll("web", to: Manifest.better, partition: 2)
            try await ns.expectSequence(
                of: .statefulSets, from: old,
                [
                    "2/1 replicas=3 ready=3 current=3 updated=3 r1 r1",
                    "2/2 replicas=3 ready=3 current=2 updated=0 r1 r2",
                    "2/2 replicas=3 ready=2 current=2 updated=1 r1 r2",
                    "2/2 replicas=3 ready=3 current=2 updated=1 r1 r2",
                ])
            let held = try await ns.get(.statefulSets, "web")
            _ = try await ns.roll("web", to: Manifest.better)
            try await ns.expectSequence(
                of: .statefulSets, from: held,
                [
                    "3/2 replicas=3 ready=3 current=2 updated=1 r2 r1",
                    "3/3 replicas=3 ready=3 current=1 updated=1 r2 r1",
                    "3/3 replicas=3 ready=2 current=1 updated=2 r2 r1",
                    "3/3 replicas=3 ready=3 current=0 updated=2 r2 r1",
                    "3/3 replicas=3 ready=2 current=0 updated=3 r2 r1",
                    "3/3 replicas=3 ready=3 current=3 updated=3 r1 r1",
                ])
        },
        Case("every status of a StatefulSet whose partition is as high as it has pods") { ns in
            let old = try await ns.running("web", replicas: 2)
            _ = try await ns.roll("web", to: Manifest.better, partition: 2)
            try await ns.expectSequence(
                of: .statefulSets, from: old,
                [
                    "2/1 replicas=2 ready=2 current=2 updated=2 r1 r1",
                    "2/2 replicas=2 ready=2 current=2 updated=0 r1 r2",
                ])
        },
        Case("every status of a StatefulSet that is scaled to 0") { ns in
            let old = try await ns.running("web", replicas: 2)
            _ = try await ns.patch(.statefulSets, "web", .merge, ["spec": ["replicas": 0]]).accepted()
            try await ns.expectSequence(
                of: .statefulSets, from: old,
                [
                    "2/1 replicas=2 ready=2 current=2 updated=2 r1 r1",
                    "2/2 replicas=2 ready=2 current=1 updated=1 r1 r1",
                    "2/2 replicas=1 ready=1 current=0 updated=0 r1 r1",
                    "2/2 replicas=0 ready=0 current=0 updated=0 r1 r1",
                ])
        },
    ]

    private static let created = [
        "1/1 replicas=1 ready=0 current=1 updated=1 r1 r1",
        "1/1 replicas=2 ready=1 current=2 updated=2 r1 r1",
        "1/1 replicas=2 ready=2 current=2 updated=2 r1 r1",
    ]
}

extension ConformanceNamespace {
    /// Watches until the last of these statuses, and records an issue where one is told that is not among them, or not in
    /// their order.
    fileprivate func expectSequence(
        of resource: Resource, from object: JSONValue, _ expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var revisions: [String] = []
        if let known = object["status", "updateRevision"]?.string { revisions.append(known) }
        var told: [String] = []
        _ = try await states(of: resource, object.name, from: object.resourceVersion) { state in
            let line = state.statusLine(&revisions)
            if line != told.last { told.append(line) }
            return line == expected.last
        }
        var rest = expected[...]
        let isSubsequence = told.allSatisfy { line in
            guard let place = rest.firstIndex(of: line) else { return false }
            rest = rest[(place + 1)...]
            return true
        }
        #expect(isSubsequence, "told were \(told)", sourceLocation: sourceLocation)
    }
}

extension JSONValue {
    fileprivate func statusLine(_ revisions: inout [String]) -> String {
        let names = ["currentRevision", "updateRevision"].map { field in
            let revision = self["status", field]?.string ?? ""
            if !revisions.contains(revision) { revisions.append(revision) }
            return "r\((revisions.firstIndex(of: revision) ?? 0) + 1)"
        }
        let counts = ["replicas", "ready", "current", "updated"].map { field in
            "\(field)=\(count(field == "replicas" ? field : "\(field)Replicas"))"
        }
        let observed = self["status", "observedGeneration"]?.integer ?? 0
        return (["\(generation ?? 0)/\(observed)"] + counts + names).joined(separator: " ")
    }
}
