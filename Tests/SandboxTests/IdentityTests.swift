import AsyncHTTPClient
import NIOHTTP1
import NIOSSL
import Sandbox
import Testing

/// Who the server is, and who may ask it.
@Suite(.timeLimit(.minutes(15))) struct IdentityTests {
    @Test(arguments: ["127.0.0.1", "localhost"])
    func `the certificate is verified by the sandbox's authority for each of its names`(name: String) async throws {
        try await Sandbox.run { sandbox in
            let server = sandbox.server.replacing("127.0.0.1", with: name)
            try await SandboxClient.with(sandbox, token: nil, server: server) { client in
                let status = try await client.get("/version").status
                #expect(status == 200)
            }
        }
    }

    @Test func `each sandbox has an authority of its own`() async throws {
        let other = try await Sandbox.run { $0.certificateAuthority }
        try await Sandbox.run { sandbox in
            try await SandboxClient.with(sandbox, token: nil, authority: other) { client in
                await #expect(throws: NIOSSLError.self) { _ = try await client.get("/version") }
                return
            }
        }
    }

    @Test func `without a valid token only the version and the health are answered`() async throws {
        try await SandboxClient.run { sandbox, _ in
            for token in [nil, "", "nobody's"] {
                try await SandboxClient.with(sandbox, token: token) { client in
                    for path in ["/version", "/healthz", "/livez", "/readyz"] {
                        #expect(try await client.get(path).status == 200)
                    }
                    for path in ["/api", "/apis/apps/v1", "/api/v1/namespaces", "/nothing"] {
                        let answer = try await client.get(path)
                        #expect(answer.status == 401)
                        #expect(answer.object["reason"] == "Unauthorized")
                    }
                }
            }
        }
    }

    @Test func `a revoked token is answered 401, others are not`() async throws {
        try await SandboxClient.run { sandbox, administrator in
            let rules = [AccessRule(verbs: ["list"], resources: ["pods"])]
            let one = sandbox.account("one", namespace: "shop", rules: rules)
            let other = sandbox.account("other", namespace: "shop", rules: rules)
            let path = "/api/v1/namespaces/shop/pods"
            let before = try await administrator.as(one).get(path).status
            #expect(before == 200)
            sandbox.revoke(one)
            let revoked = try await administrator.as(one).get(path).status
            #expect(revoked == 401)
            let untouched = try await administrator.as(other).get(path).status
            #expect(untouched == 200)
            sandbox.faults.revokeTokens()
            let all = try await administrator.as(other).get(path).status
            #expect(all == 401)
            let administrators = try await administrator.get(path).status
            #expect(administrators == 401)
        }
    }

    /// Rules of a Role, each with a request that it just allows and those that it just does not.
    @Test(arguments: [
        (AccessRule(verbs: ["get"], resources: ["pods"]), "get", "", "pods", "", "web-0", true),
        (AccessRule(verbs: ["get"], resources: ["pods"]), "list", "", "pods", "", "", false),
        (AccessRule(verbs: ["get"], resources: ["pods"]), "get", "apps", "pods", "", "web-0", false),
        (AccessRule(verbs: ["get"], resources: ["pods"]), "get", "", "pods", "log", "web-0", false),
        (AccessRule(verbs: ["get"], resources: ["pods/log"]), "get", "", "pods", "log", "web-0", true),
        (AccessRule(verbs: ["get"], resources: ["pods/log"]), "get", "", "pods", "", "web-0", false),
        (AccessRule(verbs: ["patch"], resources: ["pods"], names: ["web-0"]), "patch", "", "pods", "", "web-0", true),
        (AccessRule(verbs: ["patch"], resources: ["pods"], names: ["web-0"]), "patch", "", "pods", "", "web-1", false),
        // A rule with names never allows what has none.
        (AccessRule(verbs: ["list"], resources: ["pods"], names: ["web-0"]), "list", "", "pods", "", "", false),
        (AccessRule(verbs: ["*"], group: "*", resources: ["*"]), "delete", "apps", "statefulsets", "status", "x", true),
    ])
    func `a rule allows what it names within its namespace, as a review says`(
        rule: AccessRule, verb: String, group: String, resource: String, subresource: String, name: String,
        isAllowed: Bool
    ) async throws {
        try await SandboxClient.run { sandbox, administrator in
            let client = administrator.as(sandbox.account("deployer", namespace: "shop", rules: [rule]))
            for (namespace, expected) in [("shop", isAllowed), ("default", false), ("", false)] {
                let attributes: JSONValue = [
                    "verb": .string(verb), "group": .string(group), "resource": .string(resource),
                    "subresource": .string(subresource), "name": .string(name), "namespace": .string(namespace),
                ]
                let answer = try await client.send(
                    .POST, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                    ["spec": ["resourceAttributes": attributes]])
                #expect(answer.status == 201)
                #expect(answer.object["status", "allowed"] == .bool(expected))
            }
        }
    }

    @Test func `a rule for one name allows to list and watch that object by a field selector`() async throws {
        try await SandboxClient.run { sandbox, administrator in
            let rule = AccessRule(verbs: ["list"], group: "apps", resources: ["statefulsets"], names: ["web"])
            let client = administrator.as(sandbox.account("deployer", namespace: "shop", rules: [rule]))
            let path = "/apis/apps/v1/namespaces/shop/statefulsets"
            #expect(try await client.get("\(path)?fieldSelector=metadata.name%3Dweb").status == 200)
            let refused = try await client.get(path)
            #expect(refused.status == 403)
            #expect(
                refused.object["message"]
                    == "statefulsets.apps is forbidden: User \"system:serviceaccount:shop:deployer\" cannot list resource \"statefulsets\" in API group \"apps\" in the namespace \"shop\""
            )
        }
    }
}
