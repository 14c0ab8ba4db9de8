import Reporting
import Synchronization
import TestServers
import Testing

@testable import Reconciling

/// What is told in which order, what is tried again and when, and who gets to see the token.
@Suite struct ForgeReporterTests {
    /// A forge that has nothing yet, and takes everything.
    private static let willing: @Sendable (RecordingServer.Request, Int) -> RecordingServer.Response = { request, _ in
        .init(request.method == "GET" ? 404 : 201)
    }

    private func states(_ server: RecordingServer) -> [String] {
        server.requests.filter { $0.method == "POST" }.compactMap {
            $0.body.firstMatch(of: #/"state":"([a-z]*)"/#).map { String($0.1) }
        }
    }

    @Test func aPassIsPendingAndThenProven() async throws {
        let scene = try ForgeScene(Self.willing)
        let environment = try scene.environment()
        let metrics = Metrics(version: "1.2.3")
        let reporter = scene.reporter(metrics: metrics)
        await reporter.passStarted(environment, commit: ForgeScene.commit)
        await scene.server.requests(2)
        await reporter.passEnded(environment, .of(.proven, environment, apps: [.of("a", .proven)]))
        await scene.server.requests(3)
        await reporter.close(within: .seconds(10))
        #expect(states(scene.server) == ["pending", "success"])
        #expect(metrics.render().contains("descry_forge_statuses_total{outcome=\"sent\"} 2"))
    }

    @Test func withoutATokenNothingIsTold() async throws {
        let scene = try ForgeScene(Self.willing)
        let text = EnvironmentMergeTests.file + "\nforge: {provider: gitea, webhookSecretFile: s}\n"
        let environment = try EnvironmentSettings.parse(Array(text.utf8), file: "DEV.yaml").resolve(name: "DEV")
        let reporter = scene.reporter()
        await reporter.passEnded(environment, .of(.proven, environment))
        await reporter.close(within: .seconds(10))
        #expect(scene.server.requests.isEmpty)
    }

    /// Passes that end without a report.
    @Test func whatKeepsAPassFromItsEndIsTold() async throws {
        let scene = try ForgeScene(Self.willing)
        let environment = try scene.environment()
        let reporter = scene.reporter()
        await reporter.passFailed(
            environment, commit: ForgeScene.commit, message: "deploy-descriptor.yaml:3:5: unknown field",
            isRefused: true)
        await scene.server.requests(2)
        await reporter.passFailed(
            environment, commit: ForgeScene.newer, message: "no answer from the API server", isRefused: false)
        let requests = await scene.server.requests(4)
        await reporter.close(within: .seconds(10))
        #expect(states(scene.server) == ["failure", "error"])
        #expect(requests[1].body.contains("Refused, nothing was changed: deploy-descriptor.yaml:3:5: unknown field"))
        #expect(requests[3].target.hasSuffix(ForgeScene.newer))
    }

    /// 429 and 5xx: the same again, when the forge wants it; and what is newer by then in place of it.
    @Test func aForgeThatAsksForAPauseGetsOne() async throws {
        let scene = try ForgeScene { request, before in
            switch before {
            case 1:
                .init(
                    429,
                    headers: [
                        "Retry-After": "Mon, 30 Nov 2026 12:00:17 GMT", "Date": "Mon, 30 Nov 2026 12:00:00 GMT",
                    ])
            case 2: .init(503, "<html>")
            case 3:
                .init(
                    403, #"{"message":"rate limit"}"#,
                    headers: ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000042"])
            default: .init(request.method == "GET" ? 404 : 201)
            }
        }
        let environment = try scene.environment()
        let metrics = Metrics(version: "1.2.3")
        let reporter = scene.reporter(metrics: metrics)
        await reporter.passStarted(environment, commit: ForgeScene.commit)
        #expect(await scene.clock.sleeps(1) == [.seconds(17)])
        scene.clock.pass(.seconds(17))
        // The inquiry answers 503 this time, which says nothing but that the forge is not well.
        #expect(await scene.clock.sleeps(2).last == .seconds(2))
        await reporter.passEnded(environment, .of(.proven, environment))
        #expect(await scene.clock.sleeps(3).last == .seconds(2), "what is new waits for the forge, too")
        scene.clock.pass(.seconds(2))
        #expect(await scene.clock.sleeps(4).last == .seconds(42))
        scene.clock.pass(.seconds(42))
        await scene.server.requests(6)
        await reporter.close(within: .seconds(10))
        #expect(scene.server.requests.map(\.method) == ["GET", "POST", "GET", "GET", "GET", "POST"])
        #expect(states(scene.server) == ["pending", "success"])
        #expect(metrics.render().contains("descry_forge_statuses_total{outcome=\"failed\"} 3"))
    }

    /// Nothing listens there. That keeps nobody waiting.
    @Test func aForgeThatIsAwayDelaysNobody() async throws {
        let port = try BackgroundServer.freePort()
        let scene = try ForgeScene(Self.willing)
        let other = try scene.environment("OTHER")
        let away = try EnvironmentSettings.parse(
            Array(
                """
                environment: AWAY
                repository: http://127.0.0.1:\(port)/shop/deployments.git
                namespace: away
                registry: nexus.example.com/shop
                forge: {provider: gitea, tokenFile: \(scene.folder.path)/token-OTHER}
                """.utf8), file: "AWAY.yaml"
        ).resolve(name: "AWAY")
        let reporter = scene.reporter()
        await reporter.passEnded(away, .of(.proven, away))
        #expect(await scene.clock.sleeps(1) == [.seconds(1)])
        await reporter.passEnded(other, .of(.proven, other))
        await scene.server.requests(2)
        await reporter.close(within: .seconds(10))
        #expect(scene.log.text.contains("forge-unreachable"))
    }

    /// Each in its own words, with what to do.
    @Test(arguments: [
        (401, "forge-unauthorized", "read anew"), (403, "forge-forbidden", "write:repository"),
        (404, "forge-not-found", "forge.url"), (301, "forge-redirect", "moved"),
    ])
    func whatAPersonHasToMendIsExplained(status: Int, code: String, word: String) async throws {
        let scene = try ForgeScene { request, _ in
            request.method == "GET"
                ? .init(404) : .init(status, #"{"message":"Bad \#(PlantedSecret.marker)-token\u001b[31m"}"#)
        }
        let environment = try scene.environment()
        let reporter = scene.reporter()
        await reporter.passEnded(environment, .of(.proven, environment))
        #expect(await scene.clock.sleeps(1) == [.seconds(60)])
        scene.clock.pass(.seconds(60))
        #expect(await scene.clock.sleeps(2) == [.seconds(60), .seconds(120)])
        await reporter.close(within: .seconds(10))
        let text = scene.log.text
        #expect(text.contains(code) && text.contains(word))
        #expect(!text.contains(PlantedSecret.marker) && !text.contains("\u{1B}"))
        #expect(scene.log.count(of: "warning A commit status could not be set") == 1, "the same is said once")
    }

    /// A token that is put right is used without anybody being told.
    @Test func theTokenIsReadAnewEachTime() async throws {
        let scene = try ForgeScene { request, _ in
            if request.headers["authorization"] != "token new-token" { return .init(401) }
            return .init(request.method == "GET" ? 404 : 201)
        }
        let environment = try scene.environment()
        let reporter = scene.reporter()
        TemporaryFolder.delete(scene.folder.path + "/token-LIVE")
        await reporter.passEnded(environment, .of(.proven, environment))
        _ = await scene.clock.sleeps(1)
        #expect(scene.server.requests.isEmpty && scene.log.text.contains("forge-token"))
        try scene.folder.write("token-LIVE", "old-token")
        scene.clock.pass(.seconds(60))
        _ = await scene.clock.sleeps(2)
        try scene.folder.write("token-LIVE", "new-token\n")
        scene.clock.pass(.seconds(120))
        await scene.server.requests(4)
        await reporter.close(within: .seconds(10))
        #expect(states(scene.server) == ["success", "success"])
    }

    /// Neither to where a redirect points, nor for another environment.
    @Test func theTokenGoesNowhereElse() async throws {
        let elsewhere = try RecordingServer { _, _ in .init(200, "{}") }
        let scene = try ForgeScene { _, _ in
            .init(307, headers: ["Location": "http://127.0.0.1:\(elsewhere.port)/api/v1"])
        }
        let live = try scene.environment("LIVE", token: "token-of-live")
        let dev = try scene.environment("DEV", token: "token-of-dev")
        let reporter = scene.reporter()
        await reporter.passEnded(live, .of(.proven, live))
        await reporter.passEnded(dev, .of(.proven, dev))
        let requests = await scene.server.requests(4)
        await reporter.close(within: .seconds(10))
        #expect(elsewhere.requests.isEmpty)
        for request in requests {
            let isLive = request.body.contains("LIVE") || request.headers["authorization"] == "token token-of-live"
            #expect(request.headers["authorization"] == (isLive ? "token token-of-live" : "token token-of-dev"))
        }
        #expect(Set(requests.compactMap { $0.headers["authorization"] }).count == 2)
    }

    /// A status that the forge will never take is dropped, and the next one told.
    @Test func whatIsRefusedIsDropped() async throws {
        let scene = try ForgeScene { request, before in
            .init(request.method == "GET" ? 404 : before == 1 ? 422 : 201, #"{"message":"Validation failed"}"#)
        }
        let environment = try scene.environment()
        let metrics = Metrics(version: "1.2.3")
        let reporter = scene.reporter(metrics: metrics)
        await reporter.passStarted(environment, commit: ForgeScene.commit)
        await scene.server.requests(2)
        await reporter.passEnded(environment, .of(.proven, environment, commit: ForgeScene.newer))
        await scene.server.requests(4)
        await reporter.close(within: .seconds(10))
        #expect(scene.log.text.contains("forge-refused") && scene.log.text.contains("Validation failed"))
        #expect(metrics.render().contains("descry_forge_statuses_total{outcome=\"refused\"} 1"))
        #expect(scene.clock.sleeps.allSatisfy { $0 == .seconds(10) }, "nothing waited but the end")
    }

    /// Another replica has said otherwise meanwhile, so that this one's memory is wrong.
    @Test func afterALeaseIsTakenTheForgeIsAsked() async throws {
        let scene = try ForgeScene { request, before in
            if request.method == "POST" { return .init(201) }
            return before == 0
                ? .init(404) : .init(200, #"{"statuses":[{"context":"descry/LIVE","status":"failure"}]}"#)
        }
        let environment = try scene.environment()
        let reporter = scene.reporter()
        await reporter.passEnded(environment, .of(.proven, environment))
        await scene.log.lines(1, holding: "A commit status is set")
        await reporter.forget("LIVE")
        await reporter.passEnded(environment, .of(.proven, environment))
        await scene.server.requests(4)
        await reporter.close(within: .seconds(10))
        #expect(states(scene.server) == ["success", "success"])
    }

    /// What is ready is told before the process ends, and what has to wait is left.
    @Test func theEndWaitsForWhatIsReadyOnly() async throws {
        let scene = try ForgeScene { request, _ in
            request.headers["authorization"] == "token bad" ? .init(401) : .init(request.method == "GET" ? 404 : 201)
        }
        let bad = try scene.environment("BAD", token: "bad")
        let reporter = scene.reporter()
        await reporter.passEnded(bad, .of(.proven, bad))
        _ = await scene.clock.sleeps(1)
        let good = try scene.environment("GOOD")
        await reporter.passEnded(good, .of(.proven, good))
        await reporter.close(within: .seconds(10))
        #expect(scene.server.requests.count == 4)
        await reporter.passEnded(good, .of(.proven, good, commit: ForgeScene.newer))
        #expect(scene.server.requests.count == 4)
    }
}
