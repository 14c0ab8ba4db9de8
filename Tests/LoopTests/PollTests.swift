import Git
import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing
import Workloads

/// How the loop asks git servers, and that one which does not answer is nobody else's trouble.
@Suite(.timeLimit(.minutes(15))) struct PollTests {
    typealias Scene = LoopScene

    /// One `ls-refs` a poll for all environments of a repository; the passes ask nothing of their own but for the commit.
    @Test(.enabled(if: Requirement.httpServer.isToRun)) func `environments of one repository are polled together`()
        async throws
    {
        let server = try await GitHTTPServer.shared.value
        try await Scene.run(["DEV", "STAGE", "LIVE"]) { scene in
            let name = try server.serve(scene.repository)
            let environments = try ["DEV", "STAGE", "LIVE"].map {
                try scene.environment($0, repository: "\(server.plain)/git/\(name)")
            }
            let polls = try await scene.polled(environments)
            // The newest may not be in the log yet. The three branches point at one commit, which is fetched once.
            let requests = try server.requests(for: name)
            let greetings = requests.filter { $0.hasPrefix("GET") }.count
            let questions = requests.filter { $0.hasPrefix("POST") }.count
            #expect(greetings == 1, "\(requests)")
            #expect(questions <= polls + 1 && questions >= polls - 1, "\(polls) polls: \(requests)")
        }
    }

    /// It hangs, says a word now and then, refuses connections, or wants to be left alone: the other environment is deployed to all the same.
    @Test(arguments: ["hangs", "trickles", "refuses", "limits"]) func `a git server that fails delays nobody else`(
        _ way: String
    )
        async throws
    {
        let server = try FakeServer(
            way == "limits"
                ? [.read, .send(Array("HTTP/1.1 429 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n".utf8))]
                : [.read, way == "trickles" ? .trickle(milliseconds: 50) : .hang])
        try await Scene.run(["DEV", "STAGE"]) { scene in
            let port = way == "refuses" ? 1 : server.port
            let broken = try scene.environment("DEV", repository: "http://127.0.0.1:\(port)/deployments.git")
            try await scene.running([broken, try scene.environment("STAGE")], scene.loop()) { loop in
                for version in [Scene.second, Scene.third] {
                    let pass = try await loop.pass("STAGE", for: try await scene.commit(version, to: "STAGE"))
                    #expect(pass.report?.outcome == .proven)
                }
                #expect(loop.passes.allSatisfy { $0.report?.environment == "STAGE" })
            }
            #expect(try await scene.tags("STAGE") == [Scene.third])
            #expect(try await scene.tags("DEV") == [Scene.first])
        }
    }

    /// It is polled less and less often, and at once where somebody says that it is back.
    @Test func `a git server that comes back is heard of`() async throws {
        try await Scene.run { scene in
            var settings = Scene.settings()
            settings.pollInterval = .seconds(3600)
            let address = scene.folder.path + "/later.git"
            let running = scene.loop(settings: settings)
            try await scene.running([try scene.environment("DEV", repository: address)], running) { loop in
                let error: GitError = try await loop.next { event in
                    if case .pollFailed(_, let error) = event { error } else { nil }
                }
                #expect(error.code == "repository-not-found")
                _ = try await Program.run("git", ["clone", "--quiet", "--bare", scene.repository.path, address])
                await running.wake(WakeHint(environments: ["DEV"], reason: .webhook))
                let pass = try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                #expect(pass.report?.outcome == .proven)
            }
        }
    }

    /// What somebody else changes is put right by the commit that is known, and what is pushed meanwhile is deployed afterwards.
    @Test func `a git server that is away does not keep drift from being put right`() async throws {
        try await Scene.run { scene in
            let address = scene.folder.path + "/served.git"
            try await scene.running([try scene.environment("DEV", repository: address)], scene.loop()) { loop in
                _ = try await Program.run("ln", ["-s", scene.repository.path, address])
                try await loop.proven(try await scene.commit(Scene.second))
                _ = try await Program.run("rm", [address])
                let error: GitError = try await loop.next { event in
                    if case .pollFailed(_, let error) = event { error } else { nil }
                }
                #expect(error.code == "repository-not-found")
                let commit = try await scene.commit(Scene.third)
                try scene.setImage("9.9.9", as: "kubectl-set")
                #expect(try await loop.drift().first?.isCorrected == true)
                let _: [String] = try await loop.next { event in
                    if case .driftCorrected(_, let apps) = event { apps } else { nil }
                }
                #expect(try await scene.tags() == [Scene.second])
                _ = try await Program.run("ln", ["-s", scene.repository.path, address])
                try await loop.proven(commit)
            }
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// A branch that is not there is told, and looked for.
    @Test func `a branch that comes later is deployed`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "branch: NEXT")
            try await scene.running([environment], scene.loop()) { loop in
                let error: GitError = try await loop.next { event in
                    if case .branchMissing(_, let error) = event { error } else { nil }
                }
                #expect(error.code == "branch-not-found")
                let pass = try await loop.pass(for: try await scene.commit(Scene.second, to: "NEXT"))
                #expect(pass.report?.outcome == .proven)
            }
        }
    }

    /// A force-push is refused as `apply` refuses it, until a person accepts it, by `apply` and from another machine.
    @Test func `a rewritten branch waits for a person`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV")
            try await scene.running([environment], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                let rewritten = try await scene.repository.commit(
                    to: "DEV", ["deploy-descriptor.yaml": .text(scene.descriptor(Scene.third))], parent: .none)
                let refused = try await loop.pass(for: rewritten)
                #expect(refused.failure?.code == "branch-rewritten" && refused.status == .refused)
                #expect(try await scene.tags() == [Scene.second])
                let applied = try await scene.apply(environment, acceptsRewrite: true)
                #expect(applied.report.outcome == .proven)
                let pass = try await loop.pass(for: rewritten)
                #expect(pass.report?.outcome == .unchanged, "\(pass)")
                let next = try await loop.pass(for: try await scene.commit(Scene.first))
                #expect(next.report?.outcome == .proven, "and it goes on from there: \(next)")
            }
        }
    }

    /// What was accepted lies in the cluster: a replica with an empty cache knows it too.
    @Test func `a rewritten branch is refused by a replica that never saw it`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV")
            try await scene.running([environment], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
            }
            let rewritten = try await scene.repository.commit(
                to: "DEV", ["deploy-descriptor.yaml": .text(scene.descriptor(Scene.third))], parent: .none)
            try await scene.running([environment], scene.loop("two")) { loop in
                let refused = try await loop.pass(for: rewritten)
                #expect(refused.failure?.code == "branch-rewritten")
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }
}

extension LoopScene {
    /// Runs a loop until each environment was deployed to and three more polls were made.
    ///
    /// - Returns: how many polls were made in all.
    fileprivate func polled(_ environments: [Reconciling.Environment]) async throws -> Int {
        // Until the loop has drained: a busy machine reads its events later than they happen.
        let polls = Mutex(0)
        let loop = loop { event in
            if case .polled = event { polls.withLock { $0 += 1 } }
        }
        try await running(environments, loop) { loop in
            var passed: Set<String> = []
            var rest = 3
            while rest > 0 {
                let isPoll: Bool = try await loop.next { event in
                    switch event {
                    case .polled: return true
                    case .passEnded(let environment, _):
                        passed.insert(environment.name)
                        return false
                    default: return nil
                    }
                }
                if isPoll, passed.count == environments.count { rest -= 1 }
            }
        }
        return polls.withLock { $0 }
    }
}
