import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Server-side apply: who owns which field, and what becomes of fields that are no longer applied.
    /// https://kubernetes.io/docs/reference/using-api/server-side-apply/
    static let applying: [Case] = [
        Case("apply changes the fields it names and owns them, and no others") { ns in
            let before = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let answer = try await ns.apply(
                .statefulSets, "web", by: "descry", force: true, Manifest.deployment(of: Manifest.better))
            let after = try answer.accepted()
            #expect(answer.status == 200)
            #expect(after.image() == Manifest.better)
            #expect(after["spec", "replicas"] == 0)
            #expect(after.uid == before.uid)
            #expect(after.generation == (before.generation ?? 0) + 1)
            #expect(after.resourceVersion != before.resourceVersion)
            let entry = try #require(after.managed(by: "descry"))
            #expect(entry["operation"] == "Apply")
            #expect(entry["apiVersion"] == "apps/v1")
            #expect(entry["fieldsType"] == "FieldsV1")
            #expect(entry["time"]?.string != nil)
            let expected: JSONValue = [
                "f:metadata": ["f:annotations": ["f:descry.dev/version": [:]]],
                "f:spec": [
                    "f:template": [
                        "f:spec": [
                            "f:containers": [
                                "k:{\"name\":\"app\"}": [".": [:], "f:image": [:], "f:name": [:]]
                            ]
                        ]
                    ],
                    "f:updateStrategy": ["f:rollingUpdate": ["f:partition": [:]], "f:type": [:]],
                ],
            ]
            #expect(entry["fieldsV1"] == expected)
        },
        Case("apply of what is there already changes neither generation nor resourceVersion") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let patch = Manifest.deployment(of: Manifest.better)
            let first = try await ns.apply(.statefulSets, "web", by: "descry", force: true, patch).accepted()
            let second = try await ns.apply(.statefulSets, "web", by: "descry", patch).accepted()
            #expect(second.generation == first.generation)
            #expect(second.image() == Manifest.better)
        },
        Case("apply creates what does not exist, and defaults it") { ns in
            let answer = try await ns.apply(
                .statefulSets, "web", by: "descry", Manifest.workload(.statefulSets, "web", replicas: 0))
            let object = try answer.accepted()
            #expect(answer.status == 201)
            #expect(object.generation == 1)
            #expect(object["spec", "podManagementPolicy"] == "OrderedReady")
            #expect(object["spec", "updateStrategy", "rollingUpdate", "partition"] == 0)
            #expect(object.managed(by: "descry")?["operation"] == "Apply")
        },
        Case("a field that its only applier no longer applies goes away") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1", "y": "2"]]).accepted()
            let object = try await ns.apply(.configMaps, "a", by: "one", ["data": ["y": "2"]]).accepted()
            #expect(object["data"] == ["y": "2"])
        },
        Case("a field that another applier owns too stays when one no longer applies it") { ns in
            _ = try await ns.apply(.configMaps, "a", by: "one", ["data": ["x": "1", "y": "2"]]).accepted()
            _ = try await ns.apply(.configMaps, "a", by: "two", ["data": ["x": "1"]]).accepted()
            let object = try await ns.apply(.configMaps, "a", by: "one", ["data": ["y": "2"]]).accepted()
            #expect(object["data"] == ["x": "1", "y": "2"])
            #expect(object.managed(by: "two")?["fieldsV1"] == ["f:data": ["f:x": [:]]])
        },
        Case("an applier that no longer applies an image which others own too leaves it as it is") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let patch = Manifest.deployment(of: Manifest.good)
            _ = try await ns.apply(.statefulSets, "web", by: "descry", patch).accepted()
            let object = try await ns.apply(
                .statefulSets, "web", by: "descry", ["metadata": ["annotations": ["descry.dev/version": "1"]]]
            ).accepted()
            #expect(object.image() == Manifest.good)
            #expect(object["metadata", "annotations"] == ["descry.dev/version": "1"])
        },
        Case("apply adds a container of another name: why Descry looks before it patches") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let object = try await ns.apply(
                .statefulSets, "web", by: "descry", Manifest.deployment(of: Manifest.better, container: "ap")
            ).accepted()
            let names = object["spec", "template", "spec", "containers"]?.array?.compactMap { $0["name"]?.string }
            #expect(Set(names ?? []) == ["app", "ap"])
        },
        Case("every write records its manager") { ns in
            _ = try await ns.api.send(
                .post, ns.path(.configMaps), ["fieldManager": "maker"], body: Manifest.configMap("a", ["x": "1"]))
            let object = try await ns.patch(
                .configMaps, "a", .merge, ["data": ["y": "2"]], ["fieldManager": "editor"]
            ).accepted()
            #expect(object.managed(by: "maker")?["operation"] == "Update")
            #expect(object.managed(by: "maker")?["fieldsV1", "f:data", "f:x"] == [:])
            #expect(object.managed(by: "editor")?["operation"] == "Update")
            #expect(object.managed(by: "editor")?["fieldsV1"] == ["f:data": ["f:y": [:]]])
        },
        Case("a manager that names itself in no request is known by its User-Agent") { ns in
            let answer = try await ns.api.send(
                .post, ns.path(.configMaps), body: Manifest.configMap("a", ["x": "1"]),
                headers: ["User-Agent": "gardener/1.2 (linux)"])
            #expect(try answer.accepted().managed(by: "gardener") != nil)
        },
        Case("apply demands a field manager") { ns in
            let answer = try await ns.patch(.configMaps, "a", .apply, Manifest.configMap("a"))
            expectRefusal(answer, 422, "Invalid")
            #expect(answer.message.contains("fieldManager"))
        },
        Case("what is applied must say what it is") { ns in
            let body: JSONValue = ["metadata": ["name": "a"]]
            expectRefusal(try await ns.patch(.configMaps, "a", .apply, body, ["fieldManager": "x"]), 400, "BadRequest")
        },
        Case("what is applied must not hold managedFields") { ns in
            let body: JSONValue = ["metadata": ["name": "a", "managedFields": [["manager": "x"]]]]
            expectRefusal(try await ns.apply(.configMaps, "a", by: "x", body), 400, "BadRequest")
        },
    ]
}

extension JSONValue {
    /// The entry of `metadata.managedFields` of this manager.
    func managed(by manager: String) -> JSONValue? {
        self["metadata", "managedFields"]?.first(manager, by: "manager")
    }
}
