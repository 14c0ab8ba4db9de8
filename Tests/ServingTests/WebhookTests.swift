import FoundationEssentials
import NIOHTTP1
import Reconciling
import TestServers
import Testing

@testable import Serving

/// Each forge's deliveries, with payloads as it sends them, over a socket: whom they wake, and what the sender is told.
@Suite struct WebhookTests {
    private static let secret = PlantedSecret.marker

    struct Case: Sendable, CustomTestStringConvertible {
        var payload: String
        var provider: ForgeProvider
        var repository: String
        var sign: @Sendable ([UInt8], Date) -> [(String, String)]
        var environment = "DEV"
        var status = 202
        var result = "woken"

        var testDescription: String { "\(provider) \(payload) \(repository) \(environment)" }
    }

    static let cases: [Case] = [
        // A push, told over each of the addresses that an environment may be configured with.
        Case(
            payload: "github-push", provider: .github, repository: "https://github.com/shop/deployments.git",
            sign: { body, _ in Signing.github(body, secret) }),
        Case(
            payload: "github-push", provider: .github, repository: "git@github.com:Shop/Deployments",
            sign: { body, _ in Signing.github(body, secret) }),
        Case(
            payload: "gitea-push", provider: .gitea, repository: "https://git.example.com/shop/deployments",
            sign: { body, _ in Signing.gitea(body, secret) }),
        Case(
            payload: "gitea-push", provider: .gitea, repository: "git@git.example.com:shop/deployments.git",
            sign: { body, _ in Signing.forgejo(body, secret) }),
        Case(
            payload: "gitlab-push", provider: .gitlab, repository: "https://gitlab.com/shop/deployments.git",
            sign: { _, _ in Signing.gitlab(token: secret) }),
        Case(
            payload: "gitlab-push", provider: .gitlab, repository: "git@gitlab.com:shop/deployments.git",
            sign: { _, _ in Signing.gitlab(token: secret, event: "System Hook") }),
        Case(
            payload: "bitbucket-cloud-push", provider: .bitbucket,
            repository: "git@bitbucket.org:shop/deployments.git",
            sign: { body, _ in Signing.bitbucket(body, secret) }),
        Case(
            payload: "bitbucket-server-push", provider: .bitbucket,
            repository: "https://bitbucket.example.com/scm/shop/deployments.git",
            sign: { body, _ in Signing.bitbucket(body, secret, event: "repo:refs_changed") }),
        Case(
            payload: "generic-push", provider: .generic, repository: "git@git.example.com:shop/deployments",
            sign: { body, date in Signing.generic(body, secret, at: date) }),
        // A branch that is deleted is a change, too; several branches at once are all told.
        Case(
            payload: "bitbucket-cloud-deleted", provider: .bitbucket,
            repository: "https://bitbucket.org/shop/deployments.git",
            sign: { body, _ in Signing.bitbucket(body, secret) }),
        Case(
            payload: "bitbucket-cloud-push", provider: .bitbucket,
            repository: "https://bitbucket.org/shop/deployments.git",
            sign: { body, _ in Signing.bitbucket(body, secret) }, environment: "STAGE"),
        // Genuine, and nobody's business: another repository, another branch, a tag of the branch's name, a ping, other events.
        Case(
            payload: "github-push", provider: .github, repository: "https://github.com/shop/other.git",
            sign: { body, _ in Signing.github(body, secret) }, status: 200, result: "ignored"),
        Case(
            payload: "github-push", provider: .github, repository: "https://github.com/shop/deployments.git",
            sign: { body, _ in Signing.github(body, secret) }, environment: "STAGE", status: 200, result: "ignored"),
        Case(
            payload: "bitbucket-cloud-push", provider: .bitbucket,
            repository: "https://bitbucket.org/shop/deployments.git",
            sign: { body, _ in Signing.bitbucket(body, secret) }, environment: "LIVE", status: 200,
            result: "ignored"),
        Case(
            payload: "github-ping", provider: .github, repository: "https://github.com/shop/deployments.git",
            sign: { body, _ in Signing.github(body, secret, event: "ping") }, status: 200, result: "ignored"),
        Case(
            payload: "github-push", provider: .github, repository: "https://github.com/shop/deployments.git",
            sign: { body, _ in Signing.github(body, secret, event: "issues") }, status: 200, result: "ignored"),
        Case(
            payload: "gitlab-system-repository-update", provider: .gitlab,
            repository: "https://gitlab.com/shop/deployments.git",
            sign: { _, _ in Signing.gitlab(token: secret, event: "System Hook") }, status: 200, result: "ignored"),
        // Genuine, and not the JSON of a push.
        Case(
            payload: "github-ping", provider: .github, repository: "https://github.com/shop/deployments.git",
            sign: { body, _ in Signing.github(body, secret) }, status: 400, result: "malformed"),
    ]

    @Test(arguments: cases)
    func delivery(_ example: Case) async throws {
        try await ServingScene.run { folder in
            [
                try .sample(
                    example.provider, example.repository, environment: example.environment,
                    branch: example.environment, in: folder)
            ]
        } _: { scene in
            let body = try Payload.read(example.payload)
            let path = "/webhooks/\(example.provider)"
            let answer = try await scene.post(path, body, headers: example.sign(body, scene.time.date))
            #expect(answer.status == example.status, "\(answer.body)")
            #expect(answer.body.contains("\"\(example.result)\""))
            #expect(scene.wakes.all == (example.result == "woken" ? [[example.environment]] : []))
            let series = "descry_webhooks_total{provider=\"\(example.provider)\",result=\"\(example.result)\"}"
            #expect(scene.sample(series) == "1")
        }
    }

    @Test("A forged delivery wakes nobody, is counted, and is not told why it was found out")
    func forged() async throws {
        try await ServingScene.run { folder in
            [try .sample(.github, "https://github.com/shop/deployments.git", in: folder)]
        } _: { scene in
            let body = try Payload.read("github-push")
            let right = Signing.github(body, Self.secret)
            let forgeries: [([UInt8], [(String, String)])] = [
                (body, []), (body, [right[0]]), (body, Signing.github(body, "another secret")),
                (body + [0x20], right), (Array(body.dropLast()), right),
                (body, [right[0], ("X-Hub-Signature-256", String(right[1].1.dropLast()))]),
            ]
            var texts: Set<String> = []
            for (body, headers) in forgeries {
                let answer = try await scene.post("/webhooks/github", body, headers: headers)
                #expect(answer.status == 401)
                texts.insert(answer.body)
            }
            #expect(texts.count == 1)
            #expect(scene.wakes.all.isEmpty)
            #expect(scene.sample(#"descry_webhooks_total{provider="github",result="forged"}"#) == "6")
            // The genuine one still gets through.
            #expect(try await scene.post("/webhooks/github", body, headers: right).status == 202)
        }
    }

    @Test("A secret speaks for its own environments alone")
    func ownSecret() async throws {
        try await ServingScene.run { folder in
            let repository = "https://github.com/shop/deployments.git"
            return [
                try .sample(.github, repository, secret: "of one", environment: "ONE", branch: "DEV", in: folder),
                try .sample(.github, repository, secret: "of two", environment: "TWO", branch: "DEV", in: folder),
                try .sample(.github, repository, secret: "of two", environment: "THREE", branch: "DEV", in: folder),
                try .sample(.gitea, repository, secret: "of one", environment: "FOUR", branch: "DEV", in: folder),
            ]
        } _: { scene in
            let body = try Payload.read("github-push")
            #expect(
                try await scene.post("/webhooks/github", body, headers: Signing.github(body, "of two")).status == 202)
            #expect(scene.wakes.all == [["TWO", "THREE"]])
            // The same words under the other secret are another hook's delivery.
            #expect(
                try await scene.post("/webhooks/github", body, headers: Signing.github(body, "of one")).status == 202)
            #expect(scene.wakes.all == [["TWO", "THREE"], ["ONE"]])
        }
    }

    @Test("A delivery that is sent again does nothing, whatever id it bears")
    func replayed() async throws {
        try await ServingScene.run { folder in
            [try .sample(.github, "https://github.com/shop/deployments.git", in: folder)]
        } _: { scene in
            let body = try Payload.read("github-push")
            for (id, result) in [("1", "woken"), ("1", "replayed"), ("2", "replayed")] {
                let headers = Signing.github(body, Self.secret) + [("X-GitHub-Delivery", id)]
                let answer = try await scene.post("/webhooks/github", body, headers: headers)
                #expect(answer.body.contains("\"\(result)\""))
            }
            #expect(scene.wakes.all == [["DEV"]])
            #expect(scene.sample(#"descry_webhooks_total{provider="github",result="replayed"}"#) == "2")
        }
    }

    @Test(
        "A signature that covers its time holds for five minutes",
        arguments: [
            (-299, 202), (-301, 401), (299, 202), (301, 401),
        ])
    func stale(offset: Int, status: Int) async throws {
        let key = Array("0123456789abcdef0123456789abcdef".utf8)
        try await ServingScene.run { folder in
            [
                try .sample(.generic, "https://git.example.com/shop/deployments", in: folder),
                try .sample(
                    .gitlab, "https://gitlab.com/shop/deployments",
                    secret: "whsec_" + Data(key).base64EncodedString(), in: folder),
            ]
        } _: { scene in
            let date = scene.time.date.addingTimeInterval(Double(offset))
            let generic = try Payload.read("generic-push")
            let gitlab = try Payload.read("gitlab-push")
            let answers = [
                try await scene.post(
                    "/webhooks/generic", generic, headers: Signing.generic(generic, Self.secret, at: date)),
                try await scene.post(
                    "/webhooks/gitlab", gitlab, headers: Signing.standard(gitlab, key: key, id: "1", at: date)),
            ]
            #expect(answers.map(\.status) == [status, status])
        }
    }

    @Test("A secret counts from the moment it is in its file; one that is gone lets nobody in")
    func rotated() async throws {
        try await ServingScene.run { folder in
            [try .sample(.github, "https://github.com/shop/deployments.git", in: folder)]
        } _: { scene in
            let body = try Payload.read("github-push")
            let path = scene.folder.path + "/DEV-github.secret"
            try scene.folder.write("DEV-github.secret", "the next one")
            #expect(
                try await scene.post("/webhooks/github", body, headers: Signing.github(body, Self.secret)).status == 401
            )
            #expect(
                try await scene.post("/webhooks/github", body, headers: Signing.github(body, "the next one")).status
                    == 202)
            for broken in ["", "\n"] {
                try scene.folder.write("DEV-github.secret", broken)
                let body = body + [0x0a]
                #expect(
                    try await scene.post("/webhooks/github", body, headers: Signing.github(body, broken)).status == 401)
            }
            try FileManager.default.removeItem(atPath: path)
            let other = body + [0x20]
            #expect(
                try await scene.post("/webhooks/github", other, headers: Signing.github(other, "the next one")).status
                    == 401)
        }
    }

    @Test(
        "The sender of docs/run.md, which signs with openssl",
        .enabled(if: Requirement("openssl", programs: ["openssl"], package: "openssl").isToRun))
    func documentedSender() async throws {
        try await ServingScene.run { folder in
            [try .sample(.generic, "git@git.example.com:shop/deployments.git", in: folder)]
        } _: { scene in
            let body = Array(
                #"{"repository":"https://git.example.com/shop/deployments.git","ref":"refs/heads/DEV"}"#.utf8)
            let time = "\(Int(scene.time.date.timeIntervalSince1970))"
            let output = try await Program.run(
                "openssl", ["dgst", "-sha256", "-hmac", Self.secret, "-r"], input: Array("\(time).".utf8) + body)
            let hex = output.prefix { $0 != " " }
            let headers = [("X-Descry-Timestamp", time), ("X-Descry-Signature-256", "sha256=\(hex)")]
            #expect(try await scene.post("/webhooks/generic", body, headers: headers).status == 202)
        }
    }

    @Test("No provider without a secret has an address")
    func unknownProvider() async throws {
        try await ServingScene.run { folder in
            [try .sample(.github, "https://github.com/shop/deployments.git", in: folder)]
        } _: { scene in
            let body = try Payload.read("gitea-push")
            for path in ["/webhooks/gitea", "/webhooks/forgejo", "/webhooks/", "/webhooks", "/webhooks/github/", "/"] {
                let answer = try await scene.post(path, body, headers: Signing.gitea(body, Self.secret))
                #expect(answer.status == 404)
                #expect(answer.body == "{\"error\":\"not-found\"}\n")
            }
            let answer = try await scene.get("/webhooks/github")
            #expect(answer.status == 405)
            #expect(answer.headers.first(name: "Allow") == "POST")
        }
    }
}
