import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Deletion: preconditions, grace, and what goes along.
    static let deleting: [Case] = [
        Case("what has no grace period goes at once") { ns in
            let made = try await ns.create(.configMaps, Manifest.configMap("a"))
            let answer = try await ns.delete(.configMaps, "a")
            #expect(answer.status == 200)
            #expect(answer.object["kind"] == "Status")
            #expect(answer.object["status"] == "Success")
            #expect(answer.object["details", "name"] == "a")
            #expect(answer.object["details", "uid"]?.string == made.uid)
            #expect(try await ns.api.get(ns.path(.configMaps, "a")).status == 404)
        },
        Case("a deletion of another uid or resourceVersion is refused: 409") { ns in
            let made = try await ns.create(.configMaps, Manifest.configMap("a"))
            for precondition: JSONValue in [
                ["uid": "00000000-0000-0000-0000-000000000000"], ["resourceVersion": "1"],
            ] {
                let answer = try await ns.delete(.configMaps, "a", options: ["preconditions": precondition])
                expectRefusal(answer, 409, "Conflict")
                #expect(answer.message.contains("in the precondition ("))
            }
            let options: JSONValue = [
                "preconditions": ["uid": .string(made.uid), "resourceVersion": .string(made.resourceVersion)]
            ]
            #expect(try await ns.delete(.configMaps, "a", options: options).status == 200)
        },
        Case("a pod is marked first, with its grace period, and goes when its containers have stopped") { ns in
            var manifest = Manifest.pod("a")
            manifest["spec", "terminationGracePeriodSeconds"] = 20
            try await ns.create(.pods, manifest)
            try await ns.state(of: .pods, "a") { $0.isReady }
            let version = try await ns.list(.pods).resourceVersion
            let answer = try await ns.delete(.pods, "a")
            #expect(answer.status == 200)
            #expect(answer.object["kind"] == "Pod")
            #expect(answer.object["metadata", "deletionGracePeriodSeconds"] == 20)
            #expect(answer.object["metadata", "deletionTimestamp"]?.string != nil)
            try await ns.api.watch(ns.path(.pods), ["resourceVersion": version]) { events in
                var types: [String] = []
                while types.last != "DELETED", let event = try await events.next() { types.append(event.type) }
                #expect(types.first == "MODIFIED")
                #expect(types.last == "DELETED")
            }
        },
        Case("a pod without a grace period is marked all the same before it goes") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            try await ns.state(of: .pods, "a") { $0.isReady }
            let version = try await ns.list(.pods).resourceVersion
            let answer = try await ns.delete(.pods, "a", options: ["gracePeriodSeconds": 0])
            #expect(answer.status == 200)
            #expect(answer.object["metadata", "deletionTimestamp"]?.string != nil)
            #expect(answer.object["metadata", "deletionGracePeriodSeconds"] == 0)
            #expect(try await ns.api.get(ns.path(.pods, "a")).status == 404)
            try await ns.api.watch(ns.path(.pods), ["resourceVersion": version]) { events in
                let told = try await events.next(2)
                #expect(told.map(\.type) == ["MODIFIED", "DELETED"])
                #expect(told.allSatisfy { $0.object["metadata", "deletionTimestamp"] != nil })
            }
        },
        Case("a deletion of a pod by its uid spares the one that took its name") { ns in
            try await ns.running("web", replicas: 1)
            let old = try await ns.get(.pods, "web-0").uid
            try await ns.delete(.pods, "web-0")
            try await ns.state(of: .pods, "web-0") { $0.uid != old && $0.isReady }
            let answer = try await ns.delete(.pods, "web-0", options: ["preconditions": ["uid": .string(old)]])
            expectRefusal(answer, 409, "Conflict")
        },
        Case("what a workload owns goes with it") { ns in
            try await ns.running("web", replicas: 1)
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "site"))
            _ = try await ns.rolledOut(made)
            let version = try await ns.list(.pods).resourceVersion
            try await ns.delete(.statefulSets, "web", options: ["propagationPolicy": "Background"])
            try await ns.delete(.deployments, "site", options: ["propagationPolicy": "Background"])
            try await ns.api.watch(ns.path(.pods), ["resourceVersion": version]) { events in
                var gone: Set<String> = []
                while gone.count < 2, let event = try await events.next() {
                    if event.type == "DELETED" { gone.insert(String(event.name.prefix(4))) }
                }
                #expect(gone == ["web-", "site"])
            }
        },
        Case("with Orphan the pods stay") { ns in
            try await ns.running("web", replicas: 1)
            let pod = try await ns.get(.pods, "web-0")
            let version = try await ns.list(.statefulSets).resourceVersion
            try await ns.delete(.statefulSets, "web", options: ["propagationPolicy": "Orphan"])
            try await ns.api.watch(ns.path(.statefulSets), ["resourceVersion": version]) { events in
                while let event = try await events.next(), event.type != "DELETED" {}
            }
            let left = try await ns.get(.pods, "web-0")
            #expect(left.uid == pod.uid)
            #expect(left["metadata", "ownerReferences"] == nil)
        },
        Case("a namespace takes everything in it along") { ns in
            let name = "\(ns.name)-b"
            let manifest: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            let made = try await ns.api.send(.post, "/api/v1/namespaces", body: manifest).accepted()
            let path = "/api/v1/namespaces/\(name)/configmaps"
            _ = try await ns.api.send(.post, path, body: Manifest.configMap("a")).accepted()
            let query = ["fieldSelector": "metadata.name=\(name)", "resourceVersion": made.resourceVersion]
            try await ns.api.watch("/api/v1/namespaces", query) { events in
                #expect(try await ns.api.send(.delete, "/api/v1/namespaces/\(name)").status == 200)
                while let event = try await events.next(), event.type != "DELETED" {}
            }
            #expect(try await ns.api.get("\(path)/a").status == 404)
            #expect(try await ns.api.get("/api/v1/namespaces/\(name)").status == 404)
        },
    ]
}
