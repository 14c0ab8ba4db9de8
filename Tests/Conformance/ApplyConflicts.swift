import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Conflicts of server-side apply, and preconditions.
    static let applyConflicts: [Case] = [
        Case("apply over an updater's image is a conflict that names the updater and the field") { ns in
            let made = try await ns.api.send(
                .post, ns.path(.statefulSets), ["fieldManager": "kubectl-create"],
                body: Manifest.workload(.statefulSets, "web", replicas: 0)
            ).accepted()
            let answer = try await ns.apply(
                .statefulSets, "web", by: "descry", Manifest.deployment(of: Manifest.better))
            expectRefusal(answer, 409, "Conflict")
            let cause = try #require(answer.object["details", "causes"]?[0])
            #expect(cause["reason"] == "FieldManagerConflict")
            #expect(cause["field"] == ".spec.template.spec.containers[name=\"app\"].image")
            #expect(cause["message"]?.string?.hasPrefix("conflict with \"kubectl-create\" using apps/v1") == true)
            #expect(answer.object["details", "causes"]?.array?.count == 1)
            #expect(
                answer.message.hasPrefix("Apply failed with 1 conflict: conflict with \"kubectl-create\" using apps/v1")
            )
            #expect(try await ns.get(.statefulSets, "web")["spec"] == made["spec"])
        },
        Case("all conflicts are told at once") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1", "y": "1"]]).accepted()
            let answer = try await ns.apply(.configMaps, "a", by: "two", ["data": ["x": "2", "y": "2", "z": "2"]])
            expectRefusal(answer, 409, "Conflict")
            let causes = answer.object["details", "causes"]?.array ?? []
            #expect(causes.compactMap { $0["field"]?.string }.sorted() == [".data.x", ".data.y"])
            #expect(causes.allSatisfy { $0["message"]?.string == "conflict with \"one\"" })
            #expect(answer.message.hasPrefix("Apply failed with 2 conflicts: conflicts with \"one\""))
        },
        Case("the same value is no conflict: both own the field then") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1"]]).accepted()
            let object = try await ns.apply(.configMaps, "a", by: "two", ["data": ["x": "1"]]).accepted()
            for manager in ["one", "two"] {
                #expect(object.managed(by: manager)?["fieldsV1"] == ["f:data": ["f:x": [:]]])
            }
        },
        Case("force takes the field away from the other manager, and leaves it the rest") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1", "y": "1"]]).accepted()
            let object = try await ns.apply(.configMaps, "a", by: "two", force: true, ["data": ["x": "2"]]).accepted()
            #expect(object["data"] == ["x": "2", "y": "1"])
            #expect(object.managed(by: "one")?["fieldsV1"] == ["f:data": ["f:y": [:]]])
            #expect(object.managed(by: "two")?["fieldsV1"] == ["f:data": ["f:x": [:]]])
        },
        Case("a manager that owns nothing any more is forgotten") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1"]]).accepted()
            let object = try await ns.apply(.configMaps, "a", by: "two", force: true, ["data": ["x": "2"]]).accepted()
            #expect(object.managed(by: "one") == nil)
        },
        Case("an update takes ownership without asking, and the next apply meets it") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let wanted = Manifest.deployment(of: Manifest.better)
            _ = try await ns.apply(.statefulSets, "web", by: "descry", force: true, wanted).accepted()
            let image: JSONValue = [
                "spec": ["template": ["spec": ["containers": [Manifest.container("app", Manifest.good)]]]]
            ]
            _ = try await ns.patch(
                .statefulSets, "web", .strategic, image, ["fieldManager": "kubectl-set"]
            ).accepted()
            let refused = try await ns.apply(.statefulSets, "web", by: "descry", wanted)
            expectRefusal(refused, 409, "Conflict")
            #expect(refused.object["details", "causes"]?[0]?["message"]?.string?.contains("kubectl-set") == true)
            let forced = try await ns.apply(.statefulSets, "web", by: "descry", force: true, wanted).accepted()
            #expect(forced.image() == Manifest.better)
        },
        Case("apply with a resourceVersion that is not the current one is refused, and writes nothing") { ns in
            let old = try await ns.create(.configMaps, Manifest.configMap("a", ["x": "1"]))
            _ = try await ns.patch(.configMaps, "a", .merge, ["data": ["x": "2"]]).accepted()
            let answer = try await ns.apply(
                .configMaps, "a", by: "descry", force: true,
                ["metadata": ["resourceVersion": .string(old.resourceVersion)], "data": ["x": "3"]])
            expectRefusal(answer, 409, "Conflict")
            #expect(answer.object["details", "causes"] == nil)
            #expect(answer.message.contains("the object has been modified"))
            #expect(try await ns.get(.configMaps, "a")["data", "x"] == "2")
        },
        Case("apply with the current resourceVersion is carried out") { ns in
            let old = try await ns.create(.configMaps, Manifest.configMap("a", ["x": "1"]))
            let object = try await ns.apply(
                .configMaps, "a", by: "descry",
                ["metadata": ["resourceVersion": .string(old.resourceVersion)], "data": ["y": "2"]]
            ).accepted()
            #expect(object["data"] == ["x": "1", "y": "2"])
        },
        Case("apply with another object's uid is refused") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            var patch = Manifest.deployment(of: Manifest.better)
            patch["metadata", "uid"] = "00000000-0000-0000-0000-000000000000"
            let answer = try await ns.apply(.statefulSets, "web", by: "descry", force: true, patch)
            // 1.20 says that the uid is immutable, later versions that the precondition failed.
            #expect([409, 422].contains(answer.status), "\(answer.text)")
            #expect(answer.message.contains("uid") || answer.message.contains("UID"))
            #expect(try await ns.get(.statefulSets, "web").image() == Manifest.good)
        },
        Case("apply with a uid creates nothing where the object is gone") { ns in
            var object = Manifest.workload(.statefulSets, "web", replicas: 0)
            object["metadata", "uid"] = "00000000-0000-0000-0000-000000000000"
            let answer = try await ns.apply(.statefulSets, "web", by: "descry", force: true, object)
            expectRefusal(answer, 409, "Conflict")
            #expect(try await ns.names(.statefulSets).isEmpty)
        },
        Case("a dry run of apply tells the result and writes nothing") { ns in
            let before = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let told = try await ns.apply(
                .statefulSets, "web", by: "descry", force: true, dryRun: true,
                Manifest.deployment(of: Manifest.better)
            ).accepted()
            #expect(told.image() == Manifest.better)
            #expect(told.managed(by: "descry") != nil)
            #expect(try await ns.get(.statefulSets, "web").image() == before.image())
            #expect(try await ns.get(.statefulSets, "web").managed(by: "descry") == nil)
        },
        Case("a dry run of apply tells conflicts") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1"]]).accepted()
            let answer = try await ns.apply(.configMaps, "a", by: "two", dryRun: true, ["data": ["x": "2"]])
            expectRefusal(answer, 409, "Conflict")
        },
    ]
}
