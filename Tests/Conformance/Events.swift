import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Events that a client posts about a workload, as `kubectl describe` then lists them.
    static let postingEvents: [Case] = [
        Case("an event is posted by whoever may create events, and keeps what it says") { ns in
            let set = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let account = try await ns.account(rules: [PolicyRule(["create"], apiGroup: "", ["events"])])
            let event = ns.event("web.1", about: set)
            let answer = try await account.send(.post, ns.path(.events), body: event)
            #expect(answer.status == 201, "\(answer.text)")
            let query = ["fieldSelector": "involvedObject.uid=\(set.uid)"]
            let found = try await ns.list(.events, query).items
            #expect(found.map(\.name) == ["web.1"])
            for field in [
                "involvedObject", "type", "reason", "message", "count", "source", "firstTimestamp", "lastTimestamp",
                "reportingComponent",
            ] {
                #expect(found[0][field] == event[field], "\(field)")
            }
            expectRefusal(try await account.get(ns.path(.events)), 403, "Forbidden")
        },
        Case("who may not create events is told so in these words") { ns in
            let set = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let account = try await ns.account(rules: [PolicyRule(["get", "list"], apiGroup: "", ["events"])])
            let answer = try await account.send(.post, ns.path(.events), body: ns.event("web.1", about: set))
            expectRefusal(answer, 403, "Forbidden")
            #expect(
                answer.message
                    == "events is forbidden: User \"\(ns.user())\" cannot create resource \"events\" in API group \"\" "
                    + "in the namespace \"\(ns.name)\"")
            #expect(try await ns.list(.events, ["fieldSelector": "source=descry"]).items.isEmpty)
        },
        Case("an event is refused in another namespace than its object's") { ns in
            let set = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            var event = ns.event("web.1", about: set)
            for (namespace, shown) in [("default", "default"), (nil, "")] as [(String?, String)] {
                event["involvedObject", "namespace"] = namespace.map { .string($0) }
                let answer = try await ns.api.send(.post, ns.path(.events), body: event)
                expectRefusal(answer, 422, "Invalid")
                #expect(
                    answer.message
                        == "Event \"web.1\" is invalid: involvedObject.namespace: Invalid value: \"\(shown)\": does not "
                        + "match event.namespace")
            }
            event["metadata", "namespace"] = "default"
            let other = try await ns.api.send(.post, ns.path(.events), body: event)
            expectRefusal(other, 400, "BadRequest")
            let account = try await ns.account(rules: [PolicyRule(["create"], apiGroup: "", ["events"])])
            let there = try await account.send(.post, "/api/v1/namespaces/default/events", body: event)
            expectRefusal(there, 403, "Forbidden")
        },
    ]
}

extension ConformanceNamespace {
    /// What Descry posts about a StatefulSet of this namespace.
    func event(_ name: String, about object: JSONValue, type: String = "Warning") -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Event", "metadata": ["name": .string(name), "namespace": .string(self.name)],
            "involvedObject": [
                "apiVersion": "apps/v1", "kind": "StatefulSet", "name": .string(object.name),
                "namespace": .string(self.name), "uid": .string(object.uid),
            ],
            "type": .string(type), "reason": "RolloutFailed", "message": "1.1.0 cannot be pulled", "count": 1,
            "source": ["component": "descry"], "reportingComponent": "descry.dev/descry",
            "firstTimestamp": "2026-11-21T09:30:00Z", "lastTimestamp": "2026-11-21T09:30:00Z",
        ]
    }
}
