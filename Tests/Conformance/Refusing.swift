import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Status errors: code, reason, details and where Descry or a user reads it, the message.
    static let refusing: [Case] = [
        Case("an object that is not there: 404, which one") { ns in
            let answer = try await ns.api.get(ns.path(.statefulSets, "web"))
            expectRefusal(answer, 404, "NotFound")
            #expect(answer.message == "statefulsets.apps \"web\" not found")
            #expect(answer.object["details"] == ["name": "web", "group": "apps", "kind": "statefulsets"])
            for answer in [
                try await ns.patch(.statefulSets, "web", .merge, ["metadata": ["labels": ["a": "b"]]]),
                try await ns.patch(.statefulSets, "web", .strategic, ["metadata": ["labels": ["a": "b"]]]),
                try await ns.delete(.statefulSets, "web"),
                try await ns.api.get(ns.path(.pods, "web-0")),
            ] {
                expectRefusal(answer, 404, "NotFound")
            }
        },
        Case("a path that is not there: 404") { ns in
            for path in ["/apis/apps/v9/statefulsets", "/apis/nothing/v1/things", "/nothing", "/api/v1/things"] {
                let answer = try await ns.api.get(path)
                #expect(answer.status == 404, "\(path)")
            }
        },
        Case("an object that is there already: 409 AlreadyExists") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            let answer = try await ns.api.send(.post, ns.path(.configMaps), body: Manifest.configMap("a"))
            expectRefusal(answer, 409, "AlreadyExists")
            #expect(answer.message == "configmaps \"a\" already exists")
            #expect(answer.object["details"] == ["name": "a", "kind": "configmaps"])
        },
        Case("an update from an old state: 409 Conflict") { ns in
            var old = try await ns.create(.configMaps, Manifest.configMap("a"))
            _ = try await ns.patch(.configMaps, "a", .merge, ["data": ["x": "1"]]).accepted()
            old["data"] = ["x": "2"]
            let answer = try await ns.api.send(.put, ns.path(.configMaps, "a"), body: old)
            expectRefusal(answer, 409, "Conflict")
            #expect(
                answer.message
                    == "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; "
                    + "please apply your changes to the latest version and try again")
        },
        Case("a patch with an old resourceVersion: 409 Conflict, for each type of patch") { ns in
            let old = try await ns.create(.configMaps, Manifest.configMap("a"))
            _ = try await ns.patch(.configMaps, "a", .merge, ["data": ["x": "1"]]).accepted()
            let body: JSONValue = [
                "metadata": ["resourceVersion": .string(old.resourceVersion)], "data": ["x": "2"],
            ]
            for type in [ConformanceNamespace.PatchType.merge, .strategic] {
                expectRefusal(try await ns.patch(.configMaps, "a", type, body), 409, "Conflict")
            }
        },
        Case("no token, or one that nobody gave out: 401") { ns in
            let unknown = APIClient(http: ns.server.anonymous.http, server: ns.api.server, token: "unknown")
            let answer = try await unknown.get(ns.path(.pods))
            expectRefusal(answer, 401, "Unauthorized")
            #expect(answer.message == "Unauthorized")
            // Without any credential a server that knows anonymous users answers 403.
            #expect([401, 403].contains(try await ns.server.anonymous.get(ns.path(.pods)).status))
        },
        Case("what does not parse: 400 BadRequest") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            for (method, path, type) in [
                (APIClient.Method.post, ns.path(.configMaps), "application/json"),
                (.patch, ns.path(.configMaps, "a"), ConformanceNamespace.PatchType.strategic.rawValue),
            ] {
                let answer = try await ns.api.send(method, path, bytes: .init("{".utf8), type: type)
                expectRefusal(answer, 400, "BadRequest")
            }
        },
        Case("another name or namespace than the path says: 400 BadRequest") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            let other = try await ns.api.send(.put, ns.path(.configMaps, "a"), body: Manifest.configMap("b"))
            expectRefusal(other, 400, "BadRequest")
            var elsewhere = Manifest.configMap("b")
            elsewhere["metadata", "namespace"] = "elsewhere"
            expectRefusal(try await ns.api.send(.post, ns.path(.configMaps), body: elsewhere), 400, "BadRequest")
            #expect(try await ns.apply(.configMaps, "a", by: "x", ["metadata": ["name": "b"]]).status == 400)
        },
        Case("another kind than the path says: 400 BadRequest") { ns in
            var object = Manifest.workload(.deployments, "web")
            object["kind"] = "Deployment"
            expectRefusal(try await ns.api.send(.post, ns.path(.statefulSets), body: object), 400, "BadRequest")
        },
        Case("a type of patch that there is not: 415 UnsupportedMediaType") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            let answer = try await ns.api.send(
                .patch, ns.path(.configMaps, "a"), body: ["data": ["x": "1"]], type: "application/json")
            expectRefusal(answer, 415, "UnsupportedMediaType")
        },
        Case("a method that a path does not have: 405 MethodNotAllowed") { ns in
            let answer = try await ns.api.send(.post, ns.path(.configMaps, "a"), body: Manifest.configMap("a"))
            expectRefusal(answer, 405, "MethodNotAllowed")
        },
        Case("a form of answer that there is not: 406 NotAcceptable") { ns in
            let answer = try await ns.api.get(ns.path(.pods), accept: "application/xml")
            expectRefusal(answer, 406, "NotAcceptable")
        },
        Case("a workload that is incomplete: 422 Invalid, with each field") { ns in
            // 1.20 looks at the containers of a Deployment, and not yet at those of a StatefulSet.
            var object = Manifest.workload(.deployments, "web")
            object["spec", "template", "spec", "containers"] = [["name": "app"], ["image": "b"]]
            let answer = try await ns.api.send(.post, ns.path(.deployments), body: object)
            expectRefusal(answer, 422, "Invalid")
            #expect(answer.message.hasPrefix("Deployment.apps \"web\" is invalid: ["))
            #expect(answer.object["details", "name"] == "web")
            #expect(answer.object["details", "kind"] == "Deployment")
            #expect(answer.object["details", "group"] == "apps")
            let causes = answer.object["details", "causes"]?.array ?? []
            let fields = Set(causes.compactMap { $0["field"]?.string })
            #expect(fields.contains("spec.template.spec.containers[0].image"))
            #expect(fields.contains("spec.template.spec.containers[1].name"))
            #expect(
                causes.first { $0["field"] == "spec.template.spec.containers[0].image" }?["reason"]
                    == "FieldValueRequired")
        },
        Case("a selector that does not match the template's labels: 422 Invalid") { ns in
            for resource in [Resource.statefulSets, .deployments] {
                var object = Manifest.workload(resource, "web")
                object["spec", "template", "metadata", "labels"] = ["app": "other"]
                let answer = try await ns.api.send(.post, ns.path(resource), body: object)
                expectRefusal(answer, 422, "Invalid")
                #expect(
                    answer.message
                        == "\(resource.kind).apps \"web\" is invalid: spec.template.metadata.labels: Invalid value: "
                        + "map[string]string{\"app\":\"other\"}: `selector` does not match template `labels`")
            }
        },
        Case("a name that is none: 422 Invalid") { ns in
            let answer = try await ns.api.send(.post, ns.path(.configMaps), body: Manifest.configMap("A_b"))
            expectRefusal(answer, 422, "Invalid")
            #expect(answer.object["details", "causes"]?[0]?["field"] == "metadata.name")
        },
        Case("no name at all: 422 Invalid; a generated one where it is asked for") { ns in
            let nameless: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": [:]]
            expectRefusal(try await ns.api.send(.post, ns.path(.configMaps), body: nameless), 422, "Invalid")
            let made = try await ns.create(.configMaps, ["metadata": ["generateName": "descry-"]])
            #expect(made.name.hasPrefix("descry-") && made.name.count > "descry-".count)
        },
        Case("a StatefulSet's immutable fields: 422 Invalid") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let answer = try await ns.patch(.statefulSets, "web", .merge, ["spec": ["serviceName": "other"]])
            expectRefusal(answer, 422, "Invalid")
            #expect(answer.message.contains("updates to statefulset spec for fields other than"))
            #expect(answer.object["details", "causes"]?[0]?["field"] == "spec")
            #expect(answer.object["details", "causes"]?[0]?["reason"] == "FieldValueForbidden")
        },
        Case("a pod's immutable fields: 422 Invalid; its image may change") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            let answer = try await ns.patch(.pods, "a", .merge, ["spec": ["hostNetwork": true]])
            expectRefusal(answer, 422, "Invalid")
            let image: JSONValue = ["spec": ["containers": [Manifest.container("app", Manifest.better)]]]
            let changed = try await ns.patch(.pods, "a", .strategic, image).accepted()
            #expect(changed["spec", "containers"]?[0]?["image"]?.string == Manifest.better)
        },
        Case("a negative number of replicas: 422 Invalid") { ns in
            let answer = try await ns.api.send(
                .post, ns.path(.deployments), body: Manifest.workload(.deployments, "web", replicas: -1))
            expectRefusal(answer, 422, "Invalid")
            #expect(answer.object["details", "causes"]?[0]?["field"] == "spec.replicas")
        },
    ]
}
