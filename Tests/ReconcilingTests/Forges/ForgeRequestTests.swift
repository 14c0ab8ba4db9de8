import Reporting
import TestServers
import Testing

@testable import Reconciling

/// The exact requests that each forge gets, over a real socket.
@Suite struct ForgeRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let provider: String
        let path: String
        let inquiry: String
        let submission: String
        /// Header and value that show the token.
        let authorization: (String, String)
        let pending: String
        let failure: String
        let superseded: String
        var testDescription: String { provider + path }
    }

    static let commit = ForgeScene.commit
    private static let begun = "LIVE is being changed to this commit"
    private static let broken = "Failed: a 1.2.3-release-0123456: exit \\\"1\\\""
    private static let gone = "Superseded by fedcba9876 before it was proven in LIVE"
    private static let link = "https://dash.example.com/LIVE/shop-live?c=\(commit)"

    static let cases: [Case] = [
        Case(
            provider: "github", path: "/api/v3",
            inquiry: "/api/v3/repos/shop/deployments/commits/\(commit)/status?per_page=100",
            submission: "/api/v3/repos/shop/deployments/statuses/\(commit)",
            authorization: ("authorization", "Bearer \(PlantedSecret.marker)-token"),
            pending: github("pending", begun), failure: github("failure", broken), superseded: github("error", gone)),
        Case(
            provider: "gitea", path: "/api/v1",
            inquiry: "/api/v1/repos/shop/deployments/commits/\(commit)/status?limit=50",
            submission: "/api/v1/repos/shop/deployments/statuses/\(commit)",
            authorization: ("authorization", "token \(PlantedSecret.marker)-token"),
            pending: github("pending", begun), failure: github("failure", broken), superseded: github("error", gone)),
        Case(
            provider: "gitlab", path: "/api/v4",
            inquiry:
                "/api/v4/projects/shop%2Fdeployments/repository/commits/\(commit)/statuses?name=descry%2FLIVE&ref=LIVE",
            submission: "/api/v4/projects/shop%2Fdeployments/statuses/\(commit)",
            authorization: ("private-token", "\(PlantedSecret.marker)-token"),
            pending: gitlab("running", begun), failure: gitlab("failed", broken), superseded: gitlab("canceled", gone)),
        Case(
            provider: "bitbucket", path: "/2.0",
            inquiry: "/2.0/repositories/shop/deployments/commit/\(commit)/statuses/build/descry%2FLIVE",
            submission: "/2.0/repositories/shop/deployments/commit/\(commit)/statuses/build",
            authorization: ("authorization", "Bearer \(PlantedSecret.marker)-token"),
            pending: bitbucket("INPROGRESS", begun), failure: bitbucket("FAILED", broken),
            superseded: bitbucket("STOPPED", gone)),
        Case(
            provider: "bitbucket", path: "/context",
            inquiry:
                "/context/rest/api/latest/projects/shop/repos/deployments/commits/\(commit)/builds?key=descry%2FLIVE",
            submission: "/context/rest/api/latest/projects/shop/repos/deployments/commits/\(commit)/builds",
            authorization: ("authorization", "Bearer \(PlantedSecret.marker)-token"),
            pending: bitbucket("INPROGRESS", begun), failure: bitbucket("FAILED", broken),
            superseded: bitbucket("FAILED", gone)),
    ]

    private static func github(_ state: String, _ text: String) -> String {
        #"{"context":"descry/LIVE","description":"\#(text)","state":"\#(state)","target_url":"\#(link)"}"#
    }

    private static func gitlab(_ state: String, _ text: String) -> String {
        #"{"description":"\#(text)","name":"descry/LIVE","ref":"LIVE","state":"\#(state)","target_url":"\#(link)"}"#
    }

    private static func bitbucket(_ state: String, _ text: String) -> String {
        #"{"description":"\#(text)","key":"descry/LIVE","name":"descry/LIVE","state":"\#(state)","url":"\#(link)"}"#
    }

    @Test(arguments: cases) func requests(_ each: Case) async throws {
        let scene = try ForgeScene { request, _ in request.method == "GET" ? .init(404) : .init(201, "{}") }
        let environment = try scene.environment(
            "LIVE", each.provider, path: each.path,
            more: "targetURL: \"https://dash.example.com/{environment}/{namespace}?c={commit}\"")
        let reporter = scene.reporter()
        await reporter.passStarted(environment, commit: Self.commit)
        await scene.server.requests(2)
        let failure = AppReport.Failure(code: "crash-loop", message: "exit \"1\"")
        await reporter.passEnded(environment, .of(.failed, environment, apps: [.of("a", .failed, failure: failure)]))
        await scene.server.requests(3)
        await reporter.passStarted(environment, commit: Self.commit)
        await scene.server.requests(4)
        await reporter.superseded(environment, commit: Self.commit, by: ForgeScene.newer)
        let requests = await scene.server.requests(5)
        await reporter.close(within: .seconds(10))

        #expect(requests.map(\.method) == ["GET", "POST", "POST", "POST", "POST"])
        #expect(requests[0].target == each.inquiry)
        #expect(requests.dropFirst().allSatisfy { $0.target == each.submission })
        #expect(requests.dropFirst().map(\.body) == [each.pending, each.failure, each.pending, each.superseded])
        for request in requests {
            #expect(request.headers[each.authorization.0] == each.authorization.1)
            #expect(request.headers["user-agent"] == "descry/1.2.3")
            #expect(request.headers["host"] == "127.0.0.1:\(scene.server.port)")
        }
        #expect(requests[1].headers["content-type"] == "application/json")
        let accepted = each.provider == "github" ? "application/vnd.github+json" : "application/json"
        #expect(requests[1].headers["accept"] == accepted)
        #expect(scene.server.requests.count == 5)
        #expect(!scene.log.text.contains(PlantedSecret.marker))
    }

    /// Bitbucket insists on a link, and keeps at most 40 characters of a key.
    @Test func bitbucketAlwaysGetsALinkAndAShortKey() async throws {
        let name = "a-" + String(repeating: "very-", count: 8) + "long-name"
        let expected = [
            ("/2.0", "https://bitbucket.org/shop/deployments/commits/\(Self.commit)", true),
            ("", "http://127.0.0.1:PORT/projects/shop/repos/deployments/commits/\(Self.commit)", false),
        ]
        for (path, link, isShort) in expected {
            let scene = try ForgeScene { request, _ in request.method == "GET" ? .init(404) : .init(201) }
            let environment = try scene.environment(name, "bitbucket", path: path)
            let reporter = scene.reporter()
            await reporter.passEnded(environment, .of(.proven, environment))
            let body = await scene.server.requests(2)[1].body
            await reporter.close(within: .seconds(10))
            #expect(body.contains("\"url\":\"\(link.replacing("PORT", with: "\(scene.server.port)"))\""), "\(body)")
            let key = try #require(body.firstMatch(of: #/"key":"([^"]*)"/#)?.1)
            #expect(isShort ? key.count == 40 && key.hasPrefix("descry/a-very-") : key == "descry/\(name)")
        }
    }

    /// User and password of Bitbucket are for basic authentication.
    @Test func bitbucketTakesUserAndPassword() async throws {
        let scene = try ForgeScene { request, _ in .init(request.method == "GET" ? 404 : 201) }
        let environment = try scene.environment("LIVE", "bitbucket", path: "/2.0", token: "ada:hunter2-hunter2")
        let reporter = scene.reporter()
        await reporter.passEnded(environment, .of(.proven, environment))
        let requests = await scene.server.requests(2)
        await reporter.close(within: .seconds(10))
        #expect(requests.allSatisfy { $0.headers["authorization"] == "Basic YWRhOmh1bnRlcjItaHVudGVyMg==" })
    }

    /// What each forge answers where it has the status already: then nothing is sent. That is how a restart repeats nothing.
    @Test(
        arguments: [
            (
                "github", "/api/v3",
                #"{"statuses":[{"context":"ci","state":"failure"},{"context":"Descry/live","state":"success"}]}"#
            ),
            ("gitea", "/api/v1", #"{"statuses":[{"context":"descry/LIVE","status":"success"}]}"#),
            (
                "gitlab", "/api/v4",
                #"[{"id":1,"name":"descry/LIVE","status":"failed"},{"id":2,"name":"descry/LIVE","status":"success"}]"#
            ),
            ("bitbucket", "/2.0", #"{"key":"descry/LIVE","state":"SUCCESSFUL"}"#),
            ("bitbucket", "", #"{"key":"descry/LIVE","state":"SUCCESSFUL"}"#),
        ])
    func whatTheForgeSaysAlreadyIsNotSent(provider: String, path: String, answer: String) async throws {
        let scene = try ForgeScene { request, _ in request.method == "GET" ? .init(200, answer) : .init(201) }
        let environment = try scene.environment("LIVE", provider, path: path)
        let reporter = scene.reporter()
        // Not a word of a pass that puts drift right, nor of its end.
        await reporter.passStarted(environment, commit: Self.commit)
        await scene.server.requests(1)
        await reporter.passEnded(environment, .of(.proven, environment))
        // But a failure is news.
        let failure = AppReport.Failure(code: "crash-loop", message: "exit 1")
        await reporter.passEnded(environment, .of(.failed, environment, apps: [.of("a", .failed, failure: failure)]))
        let requests = await scene.server.requests(2)
        await reporter.close(within: .seconds(10))
        #expect(requests.map(\.method) == ["GET", "POST"])
        #expect(requests[1].body.lowercased().contains("fail"))
    }

    /// Answers that say nothing of the status, or that are no such answers.
    @Test(
        arguments: [
            ("github", "/api/v3", #"{"statuses":[]}"#), ("gitea", "/api/v1", #"{"statuses":null}"#),
            ("gitlab", "/api/v4", "[]"), ("gitea", "/api/v1", "<html>"), ("gitlab", "/api/v4", "{}"),
            ("gitlab", "/api/v4", #"[{"id":1,"name":"descry/LIVE","status":"skipped"}]"#),
        ])
    func whatTheForgeDoesNotSayIsSent(provider: String, path: String, answer: String) async throws {
        let scene = try ForgeScene { request, _ in request.method == "GET" ? .init(200, answer) : .init(201) }
        let environment = try scene.environment("LIVE", provider, path: path)
        let reporter = scene.reporter()
        await reporter.passEnded(environment, .of(.unchanged, environment))
        let requests = await scene.server.requests(2)
        await reporter.close(within: .seconds(10))
        #expect(requests.map(\.method) == ["GET", "POST"])
    }

    /// GitLab refuses to set the state that there is: another replica has set it meanwhile.
    @Test func whatGitLabHasIsNoFailure() async throws {
        let scene = try ForgeScene { request, before in
            if request.method == "POST" {
                return .init(400, #"{"message":"Cannot transition status via :run from :running"}"#)
            }
            return .init(200, before == 0 ? "[]" : #"[{"id":1,"name":"descry/LIVE","status":"running"}]"#)
        }
        let environment = try scene.environment("LIVE", "gitlab", path: "/api/v4")
        let reporter = scene.reporter()
        await reporter.passStarted(environment, commit: Self.commit)
        await scene.server.requests(3)
        await reporter.close(within: .seconds(10))
        #expect(scene.server.requests.map(\.method) == ["GET", "POST", "GET"])
        #expect(scene.log.count(of: "could not be set") == 0)
    }
}
