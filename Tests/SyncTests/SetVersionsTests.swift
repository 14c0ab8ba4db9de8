import Descriptors
import Documents
import FoundationEssentials
import Git
import Reconciling
import Reporting
import TestServers
import Testing

/// Writing versions into a descriptor, against git's own servers.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct SetVersionsTests {
    private static func code(_ body: () async throws -> Void) async throws -> String? {
        do { try await body() } catch let error as GitError {
            return error.code
        } catch let error as Refused {
            return error.diagnostics.map(\.code).joined(separator: " ")
        }
        return nil
    }

    @Test(arguments: SetScene.Way.available) func `the version's bytes change, as one commit`(_ way: SetScene.Way)
        async throws
    {
        let scene = try await SetScene(way)
        let before = try await scene.descriptor
        let report = try await scene.set(["backend=\(SetScene.new)"])
        #expect(report.outcome == .committed)
        #expect(report.apps == [.init(app: "backend", from: SetScene.old, to: SetScene.new)])
        #expect(report.attempts == 1)
        let history = try await scene.history
        #expect(history.count == 2)
        #expect(report.commit?.id == history[0] && report.parent == history[1])
        let expected = before.replacing(
            "backend\n    version: \"\(SetScene.old)", with: "backend\n    version: \"\(SetScene.new)")
        #expect(try await scene.descriptor == expected)
        #expect(try await scene.fixture.git("diff", "--numstat", "DEV~1", "DEV") == "1\t1\tdeploy-descriptor.yaml\n")
        let trailers = try await scene.fixture.git("log", "-1", "--format=%(trailers:only)|%an <%ae>", "DEV")
        #expect(trailers.hasPrefix("App: backend\nVersion: \(SetScene.new)\n"), "\(trailers)")
        #expect(trailers.contains("Ann Example <ann@example.com>"))

        // Once more: there is nothing to commit.
        let again = try await scene.set(["backend=\(SetScene.new)"])
        #expect(again.outcome == .unchanged && again.commit == nil && again.apps.isEmpty)
        #expect(try await scene.history == history)
    }

    @Test func `what is refused is all told at once, and nothing is committed`() async throws {
        var scene = try await SetScene(.local)
        scene.channels = [.release]
        let held = scene
        #expect(
            try await Self.code { _ = try await held.set(["bakend=\(SetScene.new)", "frontend=\(SetScene.new)"]) }
                == "unknown-app channel-not-allowed channel-not-allowed")
        #expect(try await Self.code { _ = try await held.set(["backend=\(SetScene.new)"]) } == "channel-not-allowed")
        #expect(try await held.set(["backend=1.1.0-release-020c8bb"]).outcome == .committed)
        try await held.fixture.commit(
            to: "DEV", ["deploy-descriptor.yaml": "apps: [{name: backend}]\n"], time: 1_760_000_000)
        #expect(
            try await Self.code { _ = try await held.set(["backend=1.2.0-release-020c8bb"]) } == "missing-field")
    }

    @Test func `a dry run says what it would do`() async throws {
        let scene = try await SetScene(.local)
        let before = try await scene.history
        let report = try await scene.set(["frontend=\(SetScene.new)"], message: "Because", isDryRun: true)
        #expect(report.outcome == .pending && report.commit == nil)
        #expect(report.message?.hasPrefix("Because\n\nApp: frontend\n") == true)
        #expect(report.diff.contains("\n-    version: \"\(SetScene.old)\"\n+    version: \"\(SetScene.new)\"\n"))
        #expect(try await scene.history == before)
    }

    /// The hook lets a rival commit in right before it lets the push go on: the change is made again on the rival's.
    @Test(arguments: SetScene.Way.available) func `a lost race is run again on the new tip`(_ way: SetScene.Way)
        async throws
    {
        let scene = try await SetScene(way)
        let rival = try await SetScene(.local).fixture  // somebody's clone
        try await rival.git("fetch", "-q", scene.fixture.path, "+DEV:refs/heads/DEV")
        let text = try await scene.descriptor.replacing(
            "frontend\n    version: \"\(SetScene.old)", with: "frontend\n    version: \"\(SetScene.new)")
        let commit = try await rival.commit(
            to: "DEV", ["deploy-descriptor.yaml": .text(text)], time: Int(Date().timeIntervalSince1970))
        try scene.fixture.hook(
            "pre-receive",
            """
            if mkdir once 2>/dev/null; then
              env -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY -u GIT_ALTERNATE_OBJECT_DIRECTORIES \
                git fetch -q '\(rival.path)' +DEV:refs/heads/DEV
            fi
            """)
        let report = try await scene.set(["backend=\(SetScene.new)"])
        #expect(report.outcome == .committed)
        #expect(report.attempts == 2)
        #expect(report.parent == commit)
        #expect(!(try await scene.descriptor.contains(SetScene.old)), "both changes are there")
        #expect(try await scene.history.count == 3)
    }

    @Test func `who loses every race gives up at the end of its time`() async throws {
        let scene = try await SetScene(.local)
        // Two commits, between which the branch swings.
        let other = try await scene.fixture.commit(to: "OTHER", ["deploy-descriptor.yaml": .text(scene.descriptor)])
        let own = try await scene.fixture.tip(of: "DEV")
        try scene.fixture.hook(
            "pre-receive",
            """
            case $(git rev-parse DEV) in \(own)) new=\(other) ;; *) new=\(own) ;; esac
            env -u GIT_QUARANTINE_PATH git update-ref refs/heads/DEV $new
            """)
        do {
            _ = try await scene.set(["backend=\(SetScene.new)"], timeout: .seconds(1))
            Issue.record("a race was won that can't be")
        } catch let error as GitError {
            #expect(error.code == "push-raced")
            #expect(error.category == .unreachable)
            #expect(error.message.contains("tries"), "\(error)")
        }
    }

    @Test(arguments: SetScene.Way.available) func `a refusal is final, and in the server's words`(_ way: SetScene.Way)
        async throws
    {
        let scene = try await SetScene(way)
        try scene.fixture.hook("update", "echo \"$1 is frozen\" >&2; exit 1")
        do {
            _ = try await scene.set(["backend=\(SetScene.new)"])
            Issue.record("a refused push was taken")
        } catch let error as GitError {
            #expect(error.code == "push-refused" && error.category == .denied)
            #expect(error.message.contains("refs/heads/DEV is frozen"), "\(error)")
        }
        #expect(try await scene.history.count == 1)
    }

    @Test func `push options and the server's words get through`() async throws {
        let scene = try await SetScene(.local)
        try await scene.fixture.git("config", "receive.advertisePushOptions", "true")
        try scene.fixture.hook("post-receive", "echo \"thanks for $GIT_PUSH_OPTION_0\"")
        let report = try await scene.set(["backend=\(SetScene.new)"], pushOptions: ["ci.skip"])
        #expect(report.remote == ["thanks for ci.skip"])
    }
}

/// Answers that are lost: nothing is committed twice, and nothing is reported that isn't so.
@Suite(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"), .timeLimit(.minutes(15)))
struct SetVersionsLostAnswerTests {
    private static func scene() async throws -> (SetScene, port: Int, path: String) {
        var scene = try await SetScene(.http)
        let server = try await GitHTTPServer.shared.value
        let name = try #require(scene.url.split(separator: "/").last)
        scene.url = "\(server.plain)/basic/\(name)"
        return (scene, try #require(Int(server.plain.split(separator: ":").last ?? "")), "/basic/\(name)")
    }

    @Test(arguments: [1, 3]) func `the connection is cut after the pack was taken`(_ cuts: Int) async throws {
        var (scene, port, path) = try await Self.scene()
        let proxy = try CuttingProxy(
            server: port, cuts: cuts, request: "POST \(path)/git-receive-pack", answer: "unpack ok")
        scene.url = "http://127.0.0.1:\(proxy.port)\(path)"
        let report = try await scene.set(["backend=\(SetScene.new)"])
        let history = try await scene.history
        #expect(report.outcome == .committed)
        #expect(report.attempts == 2, "the first one had landed")
        #expect(history.count == 2 && report.commit?.id == history[0] && report.parent == history[1])
    }

    /// The first push hangs in a hook, the second one lands; then the first one is let go, too late.
    @Test func `a push that is let through late lands once or not at all`() async throws {
        var (scene, _, _) = try await Self.scene()
        scene.deadlines.hooks = .milliseconds(700)
        let gate = scene.fixture.folder.path + "/gate"
        try await Program.run("mkfifo", [gate])
        try scene.fixture.hook("pre-receive", "if mkdir once 2>/dev/null; then cat \(gate); fi")
        let report = try await scene.set(["backend=\(SetScene.new)"])
        #expect(report.outcome == .committed && report.attempts == 2)
        let history = try await scene.history
        #expect(history.count == 2 && report.commit?.id == history[0])
        // The hook that was first goes on now; git's own update hook says when it is through.
        try scene.fixture.hook("update", "echo done >'\(scene.fixture.folder.path)/through'")
        try await Program.run("mkfifo", [scene.fixture.folder.path + "/through"])
        try await Program.run("sh", ["-c", "echo go >'\(gate)'"])
        try await Program.run("cat", [scene.fixture.folder.path + "/through"])
        #expect(try await scene.set(["backend=\(SetScene.new)"]).outcome == .unchanged)
        #expect(try await scene.history == history)
    }

    /// While the first push hangs, every other one does too, until the gate opens for the first.
    @Test func `a push that was given up and lands after all is the one reported`() async throws {
        var (scene, _, _) = try await Self.scene()
        scene.deadlines.hooks = .seconds(1)
        let gate = scene.fixture.folder.path + "/gate"
        try await Program.run("mkfifo", [gate])
        // The second push opens the gate for the first, and refuses itself until that is through.
        try scene.fixture.hook(
            "pre-receive",
            """
            if mkdir once 2>/dev/null; then cat \(gate) >/dev/null; exit 0; fi
            if mkdir twice 2>/dev/null; then
              echo go >\(gate)
              while [ "$(git rev-parse DEV)" = \(try await scene.fixture.tip(of: "DEV")) ]; do :; done
            fi
            """)
        let report = try await scene.set(["backend=\(SetScene.new)"])
        let history = try await scene.history
        #expect(history.count == 2)
        #expect(report.outcome == .committed && report.commit?.id == history[0], "\(report)")
    }
}
