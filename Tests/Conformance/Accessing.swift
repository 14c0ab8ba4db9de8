import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Who may do what: what the token's rules allow, how a refusal is worded, and access reviews.
    static let accessing: [Case] = [
        Case("an account may do what its rules say") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let account = try await ns.account(rules: .reading)
            #expect(try await account.get(ns.path(.statefulSets)).status == 200)
            #expect(try await account.get(ns.path(.statefulSets, "web")).status == 200)
            #expect(try await account.get(ns.path(.pods)).status == 200)
            let label: JSONValue = ["metadata": ["labels": ["a": "1"]]]
            let patched = try await account.send(
                .patch, ns.path(.statefulSets, "web"), body: label, type: ConformanceNamespace.PatchType.merge.rawValue)
            #expect(patched.status == 200)
            let version = try await ns.list(.statefulSets).resourceVersion
            try await account.watch(ns.path(.statefulSets), ["resourceVersion": version, "timeoutSeconds": "1"]) {
                _ = try await $0.next()
            }
        },
        Case("what the rules do not say is refused with 403, in these words") { ns in
            let account = try await ns.account(rules: .reading)
            let user = "User \"\(ns.user())\""
            let here = "in the namespace \"\(ns.name)\""
            let apps = "in API group \"apps\""
            for (method, path, words) in [
                (
                    APIClient.Method.get, ns.path(.deployments),
                    "deployments.apps is forbidden: \(user) cannot list resource \"deployments\" \(apps) \(here)"
                ),
                (
                    .get, ns.path(.configMaps, "a"),
                    "configmaps \"a\" is forbidden: \(user) cannot get resource \"configmaps\" in API group \"\" \(here)"
                ),
                (
                    .delete, ns.path(.statefulSets, "web"),
                    "statefulsets.apps \"web\" is forbidden: \(user) cannot delete resource \"statefulsets\" \(apps) \(here)"
                ),
                (
                    .patch, ns.path(.statefulSets, "web", "status"),
                    "statefulsets.apps \"web\" is forbidden: \(user) cannot patch resource \"statefulsets/status\" "
                        + "\(apps) \(here)"
                ),
                (
                    .get, "/api/v1/namespaces/default/pods",
                    "pods is forbidden: \(user) cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
                ),
                (
                    .get, "/api/v1/pods",
                    "pods is forbidden: \(user) cannot list resource \"pods\" in API group \"\" at the cluster scope"
                ),
            ] {
                let answer = try await account.send(
                    method, path, body: method == .patch ? [:] : nil,
                    type: ConformanceNamespace.PatchType.merge.rawValue)
                expectRefusal(answer, 403, "Forbidden")
                #expect(answer.message == words)
            }
        },
        Case("a refusal's details say which object") { ns in
            let account = try await ns.account(rules: .reading)
            let answer = try await account.send(.delete, ns.path(.statefulSets, "web"))
            #expect(answer.object["details"] == ["name": "web", "group": "apps", "kind": "statefulsets"])
        },
        Case("a watch that is not allowed is refused as such") { ns in
            let account = try await ns.account(rules: [PolicyRule(["get", "list"], ["statefulsets"])])
            let answer = try await account.get(ns.path(.statefulSets), ["watch": "true"])
            expectRefusal(answer, 403, "Forbidden")
            #expect(answer.message.contains("cannot watch resource \"statefulsets\""))
        },
        Case("a rule with names allows these objects only, and no list") { ns in
            for name in ["web", "site"] {
                try await ns.create(.statefulSets, Manifest.workload(.statefulSets, name, replicas: 0))
            }
            let account = try await ns.account(rules: [PolicyRule(["get", "list"], ["statefulsets"], names: ["web"])])
            #expect(try await account.get(ns.path(.statefulSets, "web")).status == 200)
            #expect(try await account.get(ns.path(.statefulSets, "site")).status == 403)
            #expect(try await account.get(ns.path(.statefulSets)).status == 403)
            let one = try await account.get(ns.path(.statefulSets), ["fieldSelector": "metadata.name=web"])
            #expect(one.status == 200)
        },
        Case("the right to a resource is not the right to its subresources") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            let account = try await ns.account(rules: [PolicyRule(["*"], apiGroup: "", ["pods"])])
            let answer = try await account.send(
                .patch, ns.path(.pods, "a", "status"), body: ["status": ["message": "x"]],
                type: ConformanceNamespace.PatchType.merge.rawValue)
            expectRefusal(answer, 403, "Forbidden")
        },
        Case("applying what does not exist needs the right to create") { ns in
            let account = try await ns.account(rules: [PolicyRule(["get", "patch"], apiGroup: "", ["configmaps"])])
            let answer = try await account.send(
                .patch, ns.path(.configMaps, "a"), ["fieldManager": "descry"], body: Manifest.configMap("a"),
                type: ConformanceNamespace.PatchType.apply.rawValue)
            expectRefusal(answer, 403, "Forbidden")
            #expect(answer.object["details", "name"] == "a")
        },
        Case("an access review tells what the account may do") { ns in
            let account = try await ns.account(rules: .reading)
            for (verb, resource, subresource, isAllowed) in [
                ("patch", Resource.statefulSets, nil, true), ("watch", .pods, nil, true), ("list", .pods, nil, true),
                ("delete", .pods, nil, false), ("create", .events, nil, false), ("get", .deployments, nil, false),
                ("patch", .statefulSets, "status", false),
            ] as [(String, Resource, String?, Bool)] {
                var attributes: JSONValue = [
                    "namespace": .string(ns.name), "verb": .string(verb), "group": .string(resource.group),
                    "resource": .string(resource.plural),
                ]
                attributes["subresource"] = subresource.map { .string($0) }
                let answer = try await account.send(
                    .post, "\(Resource.accessReviews.root)/\(Resource.accessReviews.plural)",
                    body: [
                        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                        "spec": ["resourceAttributes": attributes],
                    ])
                #expect(answer.status == 201)
                let review = try answer.accepted()
                #expect(review["kind"] == "SelfSubjectAccessReview")
                #expect(
                    review["status", "allowed"]?.bool == isAllowed, "\(verb) \(resource.plural) \(subresource ?? "")")
            }
        },
        Case("an access review of another namespace is answered no") { ns in
            let account = try await ns.account(rules: .reading)
            let answer = try await account.send(
                .post, "\(Resource.accessReviews.root)/\(Resource.accessReviews.plural)",
                body: [
                    "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                    "spec": [
                        "resourceAttributes": [
                            "namespace": "default", "verb": "list", "group": "", "resource": "pods",
                        ]
                    ],
                ])
            #expect(try answer.accepted()["status", "allowed"] == false)
        },
    ]
}

extension [PolicyRule] {
    /// Patches StatefulSets and reads their pods.
    fileprivate static let reading = [
        PolicyRule(["get", "list", "watch", "patch"], ["statefulsets"]),
        PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"]),
    ]
}
