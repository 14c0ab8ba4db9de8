import Sandbox
import TestServers
import Testing

extension Conformance {
    /// The API server's proxy to pods, as far as no pod has to answer: who may use it, and what it says by itself.
    static let proxying: [Case] = [
        Case("to ask a pod is a right of its own, named with the port") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            let account = try await ns.account(rules: [PolicyRule(["*"], apiGroup: "", ["pods"])])
            for name in ["a", "a:80"] {
                let answer = try await account.get(ns.path(.pods, name, "proxy/health"))
                expectRefusal(answer, 403, "Forbidden")
                #expect(
                    answer.message
                        == "pods \"\(name)\" is forbidden: User \"\(ns.user())\" cannot get resource \"pods/proxy\" "
                        + "in API group \"\" in the namespace \"\(ns.name)\"")
                #expect(answer.object["details"] == ["name": .string(name), "kind": "pods"])
            }
        },
        Case("the right to get pods/proxy is enough to ask, and no right to the pods") { ns in
            let account = try await ns.account(rules: .asking)
            let answer = try await account.get(ns.path(.pods, "nobody:80", "proxy/health"))
            expectRefusal(answer, 404, "NotFound")
            #expect(answer.message == "pods \"nobody\" not found")
            #expect(answer.object["details"] == ["name": "nobody", "kind": "pods"])
            #expect(try await account.get(ns.path(.pods, "nobody")).status == 403)
        },
        Case("the right to get pods/proxy is none to write through it") { ns in
            let account = try await ns.account(rules: .asking)
            let answer = try await account.send(.post, ns.path(.pods, "a:80", "proxy/health"), body: [:])
            expectRefusal(answer, 403, "Forbidden")
        },
        Case("a pod that no node has taken has no address: 400 BadRequest") { ns in
            var manifest = Manifest.pod("a")
            manifest["spec", "nodeSelector"] = ["no": "such-node"]
            try await ns.create(.pods, manifest)
            let answer = try await ns.api.get(ns.path(.pods, "a:80", "proxy/health"))
            expectRefusal(answer, 400, "BadRequest")
            #expect(answer.object["details"] == nil)
        },
        Case("an access review knows pods/proxy") { ns in
            for (rules, isAllowed) in [
                ([PolicyRule].asking, true), ([PolicyRule(["get"], apiGroup: "", ["pods"])], false),
            ] {
                let account = try await ns.account(isAllowed ? "asker" : "reader", rules: rules)
                let answer = try await account.send(
                    .post, "\(Resource.accessReviews.root)/\(Resource.accessReviews.plural)",
                    body: [
                        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                        "spec": [
                            "resourceAttributes": [
                                "namespace": .string(ns.name), "verb": "get", "group": "", "resource": "pods",
                                "subresource": "proxy",
                            ]
                        ],
                    ])
                #expect(try answer.accepted()["status", "allowed"]?.bool == isAllowed)
            }
        },
    ]

    /// What pods answer through the proxy, and what the API server says of those that do not answer.
    public static let askingPods: [Case] = [
        Case("a pod that runs answers at its port, and at the one it declares without being asked for it") { ns in
            let port = try #require(ns.server.podPort)
            try await ns.createListening("a", on: port)
            try await ns.state(of: .pods, "a") { $0.isReady }
            let account = try await ns.account(rules: .asking)
            for (name, query) in [("a:\(port)", [:]), ("a", [:]), ("http:a:\(port)", ["full": "1"])] {
                let answer = try await account.get(ns.path(.pods, name, "proxy/health"), query)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.object == ["healthy": true])
            }
        },
        Case("a pod's own refusal is passed on as it is") { ns in
            let port = try #require(ns.server.podPort)
            try await ns.createListening("a", on: port, image: Manifest.image(.sick))
            try await ns.state(of: .pods, "a") { $0.isReady }
            let answer = try await ns.api.get(ns.path(.pods, "a:\(port)", "proxy/health"))
            #expect(answer.status == 503)
            #expect(answer.object["healthy"] == false)
            #expect(answer.object["kind"] == nil)
        },
        Case("a port at which nobody listens: the API server's own words, without a reason or as unavailable") { ns in
            let port = try #require(ns.server.podPort)
            try await ns.createListening("a", on: port)
            try await ns.state(of: .pods, "a") { $0.isReady }
            expectUnreachable(try await ns.api.get(ns.path(.pods, "a:1", "proxy/health")))
        },
        Case("a pod whose container does not run: the same") { ns in
            let port = try #require(ns.server.podPort)
            try await ns.createListening("a", on: port, image: Manifest.image(.pullFails))
            try await ns.state(of: .pods, "a") { $0.waiting() == "ImagePullBackOff" }
            expectUnreachable(try await ns.api.get(ns.path(.pods, "a:\(port)", "proxy/health")))
        },
        Case("what speaks no TLS is not asked by TLS") { ns in
            let port = try #require(ns.server.podPort)
            try await ns.createListening("a", on: port)
            try await ns.state(of: .pods, "a") { $0.isReady }
            expectUnreachable(try await ns.api.get(ns.path(.pods, "https:a:\(port)", "proxy/health")))
        },
    ]

    /// 1.20 answers 500 without a reason, later versions 503.
    private static func expectUnreachable(
        _ answer: APIClient.Answer, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect([500, 503].contains(answer.status), "\(answer.text)", sourceLocation: sourceLocation)
        #expect(answer.object["kind"] == "Status", sourceLocation: sourceLocation)
        #expect(answer.object["code"]?.integer == answer.status, sourceLocation: sourceLocation)
        #expect(answer.object["details"] == nil, sourceLocation: sourceLocation)
        #expect(
            answer.message.hasPrefix("error trying to reach service: "), "\(answer.text)",
            sourceLocation: sourceLocation)
    }
}

extension [PolicyRule] {
    fileprivate static let asking = [PolicyRule(["get"], apiGroup: "", ["pods/proxy"])]
}

extension ConformanceNamespace {
    /// A pod whose container declares this port.
    fileprivate func createListening(_ name: String, on port: Int, image: String = Manifest.good) async throws {
        var container = Manifest.container("app", image)
        container["ports"] = [["containerPort": .integer(Int64(port))]]
        var manifest = Manifest.pod(name)
        manifest["spec", "containers"] = [container]
        try await create(.pods, manifest)
    }
}
