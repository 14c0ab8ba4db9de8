import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Lists: their form, paging, and what is forgotten.
    /// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
    static let listing: [Case] = [
        Case("a list says what it is and at which resourceVersion, its items do not") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let list = try await ns.list(.statefulSets)
            #expect(list["kind"] == "StatefulSetList")
            #expect(list["apiVersion"] == "apps/v1")
            #expect(Int(list.resourceVersion) != nil)
            #expect(list["metadata", "continue"] == nil)
            #expect(list.items.map(\.name) == ["web"])
            #expect(list.items.first?["kind"] == nil)
            let one = try await ns.get(.statefulSets, "web")
            #expect(one["kind"] == "StatefulSet")
            #expect(one["apiVersion"] == "apps/v1")
        },
        Case("an empty list is a list") { ns in
            let list = try await ns.list(.leases)
            #expect(list["kind"] == "LeaseList")
            #expect(list["items"] == [])
        },
        Case("items come in the order of their names") { ns in
            for name in ["c", "a", "b"] {
                try await ns.create(.configMaps, Manifest.configMap(name, labels: ["t": "x"]))
            }
            #expect(try await ns.names(.configMaps, ["labelSelector": "t"]) == ["a", "b", "c"])
        },
        Case("a list in pages is the list as it was at the first page") { ns in
            for name in ["a", "b", "c", "d", "e"] { try await ns.create(.leases, ns.lease(name)) }
            let first = try await ns.list(.leases, ["limit": "2"])
            #expect(first.items.map(\.name) == ["a", "b"])
            #expect(first["metadata", "remainingItemCount"] == 3)
            let token = try #require(first["metadata", "continue"]?.string)
            try await ns.create(.leases, ns.lease("bb"))
            try await ns.delete(.leases, "d")
            let second = try await ns.list(.leases, ["limit": "2", "continue": token])
            #expect(second.items.map(\.name) == ["c", "d"])
            #expect(second.resourceVersion == first.resourceVersion)
            let next = try #require(second["metadata", "continue"]?.string)
            let third = try await ns.list(.leases, ["limit": "2", "continue": next])
            #expect(third.items.map(\.name) == ["e"])
            #expect(third["metadata", "continue"] == nil)
            #expect(third["metadata", "remainingItemCount"] == nil)
            #expect(try await ns.names(.leases) == ["a", "b", "bb", "c", "e"])
        },
        Case("a watch from the resourceVersion of a list in pages tells what changed since its first page") { ns in
            for name in ["a", "b", "c"] { try await ns.create(.leases, ns.lease(name)) }
            let first = try await ns.list(.leases, ["limit": "2"])
            try await ns.create(.leases, ns.lease("d"))
            let token = try #require(first["metadata", "continue"]?.string)
            let second = try await ns.list(.leases, ["limit": "2", "continue": token])
            #expect(second.items.map(\.name) == ["c"])
            try await ns.api.watch(ns.path(.leases), ["resourceVersion": second.resourceVersion]) { events in
                let event = try await events.next()
                #expect(event?.name == "d")
            }
        },
        Case("a page of a list whose state is forgotten is refused with 410", alone: true) { ns in
            for name in ["a", "b", "c"] { try await ns.create(.leases, ns.lease(name)) }
            let first = try await ns.list(.leases, ["limit": "1"])
            let token = try #require(first["metadata", "continue"]?.string)
            try await ns.create(.leases, ns.lease("d"))
            let later = try await ns.create(.leases, ns.lease("e"))
            try await ns.server.forgetHistory(later.resourceVersion)
            let answer = try await ns.api.get(ns.path(.leases), ["limit": "1", "continue": token])
            expectRefusal(answer, 410, "Expired")
        },
        Case("a continue token that is none is a bad request") { ns in
            let answer = try await ns.api.get(ns.path(.leases), ["limit": "1", "continue": "nonsense"])
            expectRefusal(answer, 400, "BadRequest")
        },
        Case("a list that may be old is answered like any other") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a", labels: ["t": "x"]))
            let made = try await ns.get(.configMaps, "a")
            let query = ["resourceVersion": made.resourceVersion, "labelSelector": "t"]
            #expect(try await ns.names(.configMaps, query) == ["a"])
            _ = try await ns.list(.configMaps, ["resourceVersion": "0"])
        },
        Case("a list over all namespaces tells each object's namespace") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a", labels: ["only": ns.name]))
            let list = try await ns.api.get("/api/v1/configmaps", ["labelSelector": "only=\(ns.name)"]).accepted()
            #expect(list.items.map { $0["metadata", "namespace"]?.string } == [ns.name])
        },
        Case("a namespace that does not exist has no objects, and takes none") { ns in
            let path = "/api/v1/namespaces/\(ns.name)-nowhere/configmaps"
            #expect(try await ns.api.get(path).accepted()["items"] == [])
            expectRefusal(try await ns.api.send(.post, path, body: Manifest.configMap("a")), 404, "NotFound")
        },
    ]

    /// Which objects a list is of.
    static let selecting: [Case] = [
        Case("label selectors: equality, sets, existence, and all of them at once") { ns in
            for (name, labels) in [
                ("a", ["app": "x", "tier": "front"]), ("b", ["app": "x"]), ("c", ["app": "y", "tier": "back"]),
            ] {
                try await ns.create(.leases, ns.lease(name, labels: labels))
            }
            for (selector, names) in [
                ("app=x", ["a", "b"]), ("app==x", ["a", "b"]), ("app!=x", ["c"]), ("tier", ["a", "c"]),
                ("!tier", ["b"]), ("tier!=front", ["b", "c"]), ("app in (x, y)", ["a", "b", "c"]),
                ("app notin (x)", ["c"]), ("app=x,tier=front", ["a"]), ("app in (x),!tier", ["b"]),
                ("", ["a", "b", "c"]),
            ] {
                #expect(try await ns.names(.leases, ["labelSelector": selector]) == names, "\(selector)")
            }
        },
        Case("field selectors: name and namespace of everything, phase and node of pods") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            try await ns.create(.pods, Manifest.pod("b", image: Manifest.image(.pullFails)))
            let running = try await ns.state(of: .pods, "a") { $0["status", "phase"] == "Running" }
            let node = try #require(running["spec", "nodeName"]?.string)
            for (selector, names) in [
                ("metadata.name=a", ["a"]), ("metadata.name!=a", ["b"]), ("metadata.namespace=\(ns.name)", ["a", "b"]),
                ("status.phase=Running", ["a"]), ("status.phase!=Running", ["b"]),
                ("metadata.name=a,spec.nodeName=\(node)", ["a"]), ("metadata.name=a,spec.nodeName=elsewhere", []),
            ] {
                #expect(try await ns.names(.pods, ["fieldSelector": selector]) == names, "\(selector)")
            }
        },
        Case("a selector that cannot be read is a bad request") { ns in
            for query in [
                ["labelSelector": "app in x"], ["labelSelector": "=x"], ["fieldSelector": "spec.replicas=1"],
                ["fieldSelector": "metadata.name"],
            ] {
                expectRefusal(try await ns.api.get(ns.path(.statefulSets), query), 400, "BadRequest")
            }
        },
    ]
}

extension ConformanceNamespace {
    /// Nobody but the case makes Leases, so a list of them is what the case has made.
    func lease(_ name: String, labels: [String: String] = [:]) -> JSONValue {
        [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": .string(name), "labels": .object(labels.mapValues { .string($0) })],
        ]
    }
}
