import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Create, update and the types of patch.
    static let writing: [Case] = [
        Case("what is created gets its uid, times, generation and defaults from the server") { ns in
            var manifest = Manifest.workload(.statefulSets, "web", replicas: 0)
            manifest["metadata", "uid"] = "mine"
            manifest["spec", "replicas"] = nil
            manifest["spec", "template", "spec", "terminationGracePeriodSeconds"] = nil
            let answer = try await ns.api.send(.post, ns.path(.statefulSets), body: manifest)
            let object = try answer.accepted()
            #expect(answer.status == 201)
            #expect(object.uid.count == 36)
            #expect(object["metadata", "namespace"]?.string == ns.name)
            #expect(object["metadata", "creationTimestamp"]?.string?.hasSuffix("Z") == true)
            #expect(object.generation == 1)
            #expect(object["spec", "replicas"] == 1)
            #expect(object["spec", "podManagementPolicy"] == "OrderedReady")
            #expect(object["spec", "updateStrategy"] == ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]])
            #expect(object["spec", "revisionHistoryLimit"] == 10)
            let template = object["spec", "template", "spec"]
            #expect(template?["restartPolicy"] == "Always")
            #expect(template?["terminationGracePeriodSeconds"] == 30)
            #expect(template?["dnsPolicy"] == "ClusterFirst")
            #expect(template?["containers"]?[0]?["imagePullPolicy"] == "IfNotPresent")
        },
        Case("an update replaces the object, and needs no resourceVersion") { ns in
            let made = try await ns.create(.configMaps, Manifest.configMap("a", labels: ["l": "1"], ["x": "1"]))
            let body = Manifest.configMap("a", ["y": "2"])
            let object = try await ns.api.send(.put, ns.path(.configMaps, "a"), body: body).accepted()
            #expect(object["data"] == ["y": "2"])
            #expect(object["metadata", "labels"] == nil)
            #expect(object.uid == made.uid)
            #expect(object.resourceVersion != made.resourceVersion)
        },
        Case("a write that changes nothing keeps the resourceVersion") { ns in
            let made = try await ns.create(.configMaps, Manifest.configMap("a", ["x": "1"]))
            let same = try await ns.patch(.configMaps, "a", .merge, ["data": ["x": "1"]]).accepted()
            #expect(same.resourceVersion == made.resourceVersion)
            #expect(try await ns.api.send(.put, ns.path(.configMaps, "a"), body: made).accepted() == made)
        },
        Case("the generation counts changes of the spec alone") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let label: JSONValue = ["metadata": ["labels": ["a": "b"]]]
            #expect(try await ns.patch(.statefulSets, "web", .merge, label).accepted().generation == 1)
            let scale: JSONValue = ["spec": ["replicas": 1]]
            #expect(try await ns.patch(.statefulSets, "web", .merge, scale).accepted().generation == 2)
        },
        Case("a merge patch: null removes, objects merge, lists are replaced") { ns in
            try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 0))
            _ = try await ns.patch(
                .deployments, "web", .merge, ["metadata": ["labels": ["a": "1", "b": "2"]]]
            ).accepted()
            let object = try await ns.patch(
                .deployments, "web", .merge,
                [
                    "metadata": ["labels": ["a": .null, "c": "3"]],
                    "spec": ["template": ["spec": ["containers": [Manifest.container("other", Manifest.good)]]]],
                ]
            ).accepted()
            #expect(object["metadata", "labels"] == ["b": "2", "c": "3"])
            let names = object["spec", "template", "spec", "containers"]?.array?.map { $0["name"] }
            #expect(names == ["other"])
        },
        Case("a strategic merge patch: containers and their variables merge by name") { ns in
            var app = Manifest.container("app", Manifest.good)
            app["env"] = [["name": "A", "value": "1"], ["name": "B", "value": "2"]]
            let containers = [app, Manifest.container("proxy", "proxy:1")]
            try await ns.create(
                .statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0, containers: containers))
            let patch: JSONValue = [
                "name": "app", "image": .string(Manifest.better),
                "env": [["name": "B", "value": "3"], ["name": "C", "value": "4"]],
            ]
            let object = try await ns.patch(
                .statefulSets, "web", .strategic, ["spec": ["template": ["spec": ["containers": [patch]]]]]
            ).accepted()
            #expect(object.image("app") == Manifest.better)
            #expect(object.image("proxy") == "proxy:1")
            let env = object["spec", "template", "spec", "containers"]?.first("app")?["env"]?.array ?? []
            let values = env.map { "\($0["name"]?.string ?? "")=\($0["value"]?.string ?? "")" }.sorted()
            #expect(values == ["A=1", "B=3", "C=4"])
        },
        Case("a strategic merge patch: a container of another name is added, before the others") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let added: JSONValue = [Manifest.container("proxy", "proxy:1")]
            let object = try await ns.patch(
                .statefulSets, "web", .strategic, ["spec": ["template": ["spec": ["containers": added]]]]
            ).accepted()
            let names = object["spec", "template", "spec", "containers"]?.array?.map { $0["name"] }
            #expect(names == ["proxy", "app"])
        },
        Case("a strategic merge patch: $patch deletes an element, and replaces a list") { ns in
            let containers = [Manifest.container("app", Manifest.good), Manifest.container("proxy", "proxy:1")]
            try await ns.create(
                .statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0, containers: containers))
            let deleting: JSONValue = [["name": "proxy", "$patch": "delete"]]
            let one = try await ns.patch(
                .statefulSets, "web", .strategic, ["spec": ["template": ["spec": ["containers": deleting]]]]
            ).accepted()
            #expect(one["spec", "template", "spec", "containers"]?.array?.map { $0["name"] } == ["app"])
            let replacing: JSONValue = [["$patch": "replace"], Manifest.container("other", "other:1")]
            let other = try await ns.patch(
                .statefulSets, "web", .strategic, ["spec": ["template": ["spec": ["containers": replacing]]]]
            ).accepted()
            #expect(other["spec", "template", "spec", "containers"]?.array?.map { $0["name"] } == ["other"])
        },
        Case("a strategic merge patch: null removes a field, $retainKeys the other ones") { ns in
            try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 0))
            let strategy: JSONValue = ["type": "Recreate", "$retainKeys": ["type"]]
            let object = try await ns.patch(
                .deployments, "web", .strategic, ["spec": ["strategy": strategy]]
            ).accepted()
            #expect(object["spec", "strategy"] == ["type": "Recreate"])
            _ = try await ns.patch(.deployments, "web", .strategic, ["metadata": ["labels": ["a": "1"]]]).accepted()
            let bare = try await ns.patch(
                .deployments, "web", .strategic, ["metadata": ["labels": ["a": .null]]]
            ).accepted()
            #expect(bare["metadata", "labels", "a"] == nil)
        },
        Case("a dry run of each write tells the result and writes nothing") { ns in
            let path = ns.path(.configMaps)
            let dry = ["dryRun": "All"]
            let made = try await ns.api.send(.post, path, dry, body: Manifest.configMap("a")).accepted()
            #expect(made.name == "a")
            #expect(try await ns.api.get("\(path)/a").status == 404)
            let before = try await ns.create(.configMaps, Manifest.configMap("a", ["x": "1"]))
            let changed: JSONValue = ["data": ["x": "2"]]
            #expect(try await ns.patch(.configMaps, "a", .merge, changed, dry).accepted()["data", "x"] == "2")
            #expect(try await ns.patch(.configMaps, "a", .strategic, changed, dry).accepted()["data", "x"] == "2")
            let put = try await ns.api.send(.put, "\(path)/a", dry, body: Manifest.configMap("a", ["x": "2"]))
            #expect(try put.accepted()["data", "x"] == "2")
            #expect(try await ns.api.send(.delete, "\(path)/a", dry).status == 200)
            #expect(try await ns.get(.configMaps, "a") == before)
            let refused = try await ns.api.send(.post, path, dry, body: Manifest.configMap("a"))
            expectRefusal(refused, 409, "AlreadyExists")
        },
        Case("a dryRun that is not All is refused") { ns in
            let answer = try await ns.api.send(
                .post, ns.path(.configMaps), ["dryRun": "Some"], body: Manifest.configMap("a"))
            #expect([400, 422].contains(answer.status), "\(answer.text)")
            #expect(try await ns.api.get(ns.path(.configMaps, "a")).status == 404)
        },
        Case("of several writers from one state, one wins and the others are told") { ns in
            var object = try await ns.create(.configMaps, Manifest.configMap("a"))
            object["metadata", "managedFields"] = nil
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<8 {
                    var mine = object
                    mine["data"] = ["writer": .string(String(writer))]
                    group.addTask { [mine] in
                        try await ns.api.send(.put, ns.path(.configMaps, "a"), body: mine).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 409, count: 7))
        },
    ]

    /// The `status` subresource.
    static let reportingStatus: [Case] = [
        Case("the status is written through /status only, and nothing else through it") { ns in
            try await ns.create(.pods, ns.unschedulablePod("a"))
            let both: JSONValue = [
                "metadata": ["labels": ["a": "1"]], "spec": ["activeDeadlineSeconds": 99],
                "status": ["message": "hello"],
            ]
            let main = try await ns.patch(.pods, "a", .merge, ["status": ["message": "hello"]]).accepted()
            #expect(main["status", "message"] == nil)
            let sub = try await ns.patch(.pods, "a", .merge, both, subresource: "status").accepted()
            #expect(sub["status", "message"] == "hello")
            #expect(sub["spec", "activeDeadlineSeconds"] == nil)
        },
        Case("a status written does not change the generation") { ns in
            let made = try await ns.create(
                .deployments, Manifest.workload(.deployments, "web", replicas: 0, spec: ["paused": true]))
            let observed = try await ns.state(of: .deployments, "web") {
                $0["status", "observedGeneration"]?.integer == made.generation
            }
            let written = try await ns.patch(
                .deployments, "web", .merge, ["status": ["collisionCount": 7]], subresource: "status"
            ).accepted()
            #expect(written.generation == observed.generation)
            #expect(written["status", "collisionCount"] == 7)
            #expect(try await ns.api.get(ns.path(.deployments, "web", "status")).accepted().name == "web")
        },
        Case("conditions merge by their type in a strategic merge patch of the status") { ns in
            try await ns.create(.pods, ns.unschedulablePod("a"))
            try await ns.state(of: .pods, "a") { $0.condition("PodScheduled") != nil }
            let conditions: JSONValue = [["type": "Custom", "status": "True"]]
            let pod = try await ns.patch(
                .pods, "a", .strategic, ["status": ["conditions": conditions]], subresource: "status"
            ).accepted()
            #expect(pod.condition("Custom")?["status"] == "True")
            #expect(pod.condition("PodScheduled")?["status"] == "False")
        },
    ]
}

extension ConformanceNamespace {
    /// No node takes it, so nobody but the case writes its status for long.
    func unschedulablePod(_ name: String) -> JSONValue {
        var pod = Manifest.pod(name)
        pod["spec", "nodeSelector"] = ["no": "such-node"]
        return pod
    }
}
