import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Reconciling
import Reporting
import Scenes
import Synchronization
import TestServers
import Testing

@testable import Sandbox

/// The whole of `descry run`, as processes against the sandbox.
@Suite(.serialized, .timeLimit(.minutes(15))) struct ProcessTests {
    typealias Scene = LoopScene

    /// Three replicas of which the one that is at work is killed (`kill -9`) and replaced, again and again, while commits arrive:
    /// nothing is lost, whoever writes to a workload holds its environment's lease at that moment, and every environment ends at its
    /// branch's commit.
    @Test func `processes that are killed again and again lose nothing`() async throws {
        let names = ["DEV", "STAGE", "LIVE"]
        try await Scene.run(names) { scene in
            let strays = Mutex<[String]>([])
            scene.sandbox.faults.witnessWrites { account, action in
                guard action.resource == "statefulsets", account.user.contains(":descry-") else { return }
                let writer = account.user.split(separator: "-").dropFirst().joined(separator: "-")
                let holder = scene.holder(action.namespace.uppercased()) ?? ""
                if !holder.hasPrefix("\(writer)_") {
                    strays.withLock { $0.append("\(writer) wrote to \(action.namespace), which \(holder) held") }
                }
            }
            var replicas: [String: DescryProcess] = [:]
            func start(_ replica: String) throws {
                replicas[replica] = try scene.process(replica, names, ["--poll-interval", "1s"])
            }
            for number in 1...3 { try start("replica\(number)") }
            var last: [String: String] = [:]
            for round in 1...4 {
                for name in names {
                    last[name] = try await scene.commit(TestServers.Fate.runs.version("2.\(round).0"), to: name)
                }
                let commit = last[names[round % 3]] ?? ""
                let victim = try await DescryProcess.first(of: replicas) {
                    $0.contains("\"Pass begins\"") && $0.contains(commit)
                }
                try await replicas.removeValue(forKey: victim)?.end(.kill)
                try start("\(victim)x\(round)")
            }
            for (name, commit) in last {
                try await scene.proven(commit, name)
                #expect(try await scene.tags(name) == [TestServers.Fate.runs.version("2.4.0")])
            }
            for process in replicas.values {
                let run = try await process.end(.terminate)
                #expect(run.exitCode == 0, "\(run)")
            }
            #expect(strays.withLock { $0 } == [])
            for name in names {
                #expect(scene.holder(name) == "")
                let history = try await scene.history(name)
                #expect(history.allSatisfy { $0.outcome != .failed && $0.outcome != .rolledBack }, "\(history)")
            }
        }
    }

    /// A thousand webhooks as fast as they come, while commits arrive, and there is no poll but for them: each is answered, few make a
    /// poll, and the last commit is deployed. Then what strangers send.
    @Test func `a flood of webhooks`() async throws {
        let names = ["DEV", "STAGE", "LIVE"]
        try await Scene.run(names) { scene in
            let port = try BackgroundServer.freePort()
            let process = try scene.process(
                "one", names, port: port, ["--poll-interval", "1h", "--log-level", "debug"])
            for _ in names { try await process.line { $0.contains("\"Pass ended\"") } }
            let sender = WebhookSender(port: port, repository: scene.repository.path)
            let answers = try await withThrowingTaskGroup(of: [Int].self) { group in
                for worker in 0..<20 {
                    group.addTask {
                        var answers: [Int] = []
                        for number in 0..<50 {
                            answers.append(try await sender.send("\(worker)-\(number)", branch: names[number % 3]))
                        }
                        return answers
                    }
                }
                for version in 1...3 {
                    for name in names {
                        try await scene.commit(TestServers.Fate.runs.version("3.\(version).0"), to: name)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(answers.count == 1000)
            // Beyond 300 a second, and 600 at once, they are refused unread.
            #expect(Set(answers).isSubset(of: [202, 429]), "\(Set(answers))")
            #expect(answers.count { $0 == 202 } >= 600)
            for name in names {
                let commit = try await scene.commit(TestServers.Fate.runs.version("3.4.0"), to: name)
                while try await sender.send("last-\(name)", branch: name) == 429 {}
                try await scene.proven(commit, name)
            }
            let metrics = try await sender.get("/metrics")
            let woken = answers.count { $0 == 202 } + 3
            #expect(
                metrics.contains("descry_webhooks_total{provider=\"gitlab\",result=\"woken\"} \(woken)"), "\(metrics)")
            let polls = process.lines.count { $0.contains("\"Polled\"") }
            #expect(polls < 300, "\(polls) polls for \(woken) webhooks")

            #expect(try await sender.send("last-DEV", branch: "DEV") == 200, "replayed")
            #expect(try await sender.send("foreign", branch: "DEV", secret: "somebody else's idea of it") == 401)
            #expect(try await sender.send(String(repeating: "x", count: 2 << 20), branch: "DEV") == 413)
            #expect(try await sender.sendSlowly() == 408)
            // Whoever goes on guessing is refused unread.
            var guess = 0
            while try await sender.send("guess-\(guess)", branch: "DEV", secret: "a guess \(guess)") == 401 {
                guess += 1
            }
            #expect((20..<1000).contains(guess), "\(guess)")
            #expect(try await sender.get("/readyz").contains("true"))
            let run = try await process.end(.terminate)
            #expect(run.exitCode == 0, "\(run)")
        }
    }
}

/// Sends what GitLab sends on a push.
private struct WebhookSender: Sendable {
    let port: Int
    let repository: String

    func get(_ path: String) async throws -> String {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return String(buffer: try await answer.body.collect(upTo: 1 << 20))
    }

    /// - Parameter id: makes it another delivery than the others.
    /// - Returns: the answer's status.
    func send(_ id: String, branch: String, secret: String = LoopScene.webhookSecret) async throws -> Int {
        var request = request(secret)
        request.body = .bytes(
            ByteBuffer(
                string: #"{"object_kind":"push","ref":"refs/heads/\#(branch)","checkout_sha":"\#(id)","#
                    + #""project":{"git_http_url":"\#(repository)"}}"#))
        return try await status(request)
    }

    /// Begins a body that never ends.
    func sendSlowly() async throws -> Int {
        let (bytes, body) = AsyncStream<ByteBuffer>.makeStream()
        defer { body.finish() }
        var request = request(LoopScene.webhookSecret)
        request.body = .stream(bytes, length: .known(Int64(1000)))
        return try await status(request)
    }

    private func request(_ secret: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/webhooks/gitlab")
        request.method = .POST
        request.headers = [
            "Content-Type": "application/json", "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret,
        ]
        return request
    }

    private func status(_ request: HTTPClientRequest) async throws -> Int {
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        _ = try await answer.body.collect(upTo: 1 << 16)
        return Int(answer.status.code)
    }
}
