import FoundationEssentials
import Git
import Reporting
import Scenes
import TestServers
import Testing

@testable import Reconciling

/// What became of a deployment, as a git note of its commit: git reads it, nobody's note is lost, and none keeps a deployment from
/// being what it is.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct DeploymentNoteTests {
    typealias Scene = SandboxScene

    private static func report(_ environment: String, _ commit: String, app: String) -> SyncReport {
        var report = SyncReport(
            command: .apply, environment: environment, namespace: "shop", repository: "r", branch: "DEV",
            descriptor: "d", commit: .init(id: commit, author: "Ann", time: Date(), subject: "s"), startedAt: Date(),
            finishedAt: Date(timeIntervalSince1970: 1_795_266_000), outcome: .proven,
            apps: [.init(app: app, workload: "statefulset/\(app)", outcome: .proven, from: "1", to: "2")])
        report.exitCode = 0
        return report
    }

    @Test func `git log shows what was proven and what was taken back`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with("notes: true")
            let good = try await scene.commit([("backend", Scene.second)])
            #expect(try await scene.apply().report.outcome == .proven)
            let bad = try await scene.commit([("backend", Fate.pullFails.version("1.2.0"))])
            #expect(try await scene.apply().status == .rolledBack)
            let log = try await scene.repository.git("log", "--notes=descry", "--format=%H%n%N", "DEV")
            #expect(log.contains("\(good)\nDEV proven at 20"), "\(log)")
            #expect(log.contains("backend: \(Scene.first) → \(Scene.second) proven\n"))
            #expect(log.contains("\(bad)\nDEV rolledBack at 20"))
            #expect(log.contains("→ \(Fate.pullFails.version("1.2.0")) failed: image-pull: "))
            try await scene.repository.git("fsck", "--strict", "--no-dangling")
            // Nothing to do is no deployment.
            let before = try await scene.repository.git("rev-parse", "refs/notes/descry")
            try await scene.commit([("backend", Scene.second)])
            #expect(try await scene.apply().report.outcome == .unchanged)
            #expect(try await scene.repository.git("rev-parse", "refs/notes/descry") == before)
        }
    }

    /// Without `notes` the repository is only read.
    @Test func `nothing is written where nobody asks for it`() async throws {
        try await Scene.run(["backend"]) { scene in
            let outcome = try await scene.deploy([("backend", Scene.second)])
            #expect(outcome.report.outcome == .proven)
            #expect(try await scene.repository.git("for-each-ref", "refs/notes").isEmpty)
        }
    }

    @Test func `a server that refuses notes fails no deployment`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with("notes: true")
            try scene.repository.hook("update", "case $1 in refs/notes/*) echo 'no notes here' >&2; exit 1;; esac")
            try await scene.commit([("backend", Scene.second)])
            let outcome = try await scene.apply()
            #expect(outcome.status == .done && outcome.report.outcome == .proven)
            #expect(outcome.report.notes.count { $0.contains("not in refs/notes/descry") } == 1, "\(outcome.report)")
            #expect(outcome.report.notes.contains { $0.contains("no notes here") })
        }
    }

    /// Each on a machine of its own, all at once, some on the same commit.
    @Test(arguments: SetScene.Way.available)
    func `no note is lost to another one at the same moment`(_ way: SetScene.Way) async throws {
        let scene = try await SetScene(way)
        let commits = [try await scene.fixture.tip(of: "DEV"), try await scene.fixture.tip(of: "STAGE")]
        let names = (0..<6).map { "app-\($0)" }
        try await withThrowingTaskGroup(of: String?.self) { group in
            for (index, name) in names.enumerated() {
                group.addTask {
                    try await scene.withRepository { repository in
                        var note = DeploymentNote(repository: repository, runner: .init(user: "jenkins", host: "agent"))
                        note.timeout = .seconds(240)
                        return await note.add(Self.report("DEV", commits[index % 2], app: name))
                    }
                }
            }
            for try await trouble in group { #expect(trouble == nil) }
        }
        let notes = try await commits.asyncMap { try await scene.fixture.git("notes", "--ref=descry", "show", $0) }
        for (index, name) in names.enumerated() {
            #expect(
                notes[index % 2].contains("DEV proven at 2026-11-21T13:00:00Z by jenkins@agent\n\(name): 1 → 2 proven"))
        }
        #expect(try await scene.fixture.git("rev-list", "--count", "refs/notes/descry") == "6\n")
        try await scene.fixture.git("fsck", "--strict", "--no-dangling")
    }

    /// Flat as git begins, with fan-out as it goes on: what people have written stays, and git finds all of it.
    @Test(arguments: [3, 700])
    func `git's own notes stay where they are`(_ count: Int) async throws {
        let scene = try await SetScene(.local)
        try await scene.fixture.grow("DEV", by: count)
        let commits = try await scene.history
        let path = scene.fixture.path
        let variables = ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"]
        let me = ["-c", "user.name=Cat", "-c", "user.email=cat@example.com", "-C", path, "notes", "--ref=descry"]
        try await Program.run("git", me + ["add", "-m", "by hand", commits[0]], variables: variables)
        let pairs = commits.dropFirst().dropLast().map { "\(commits[0]) \($0)\n" }.joined()
        try await Program.run("git", me + ["copy", "--stdin"], input: Array(pairs.utf8), variables: variables)
        let isFannedOut = try await scene.fixture.git("ls-tree", "refs/notes/descry").contains(" tree ")
        #expect(isFannedOut == (count > 100))
        try await scene.withRepository { repository in
            var note = DeploymentNote(repository: repository, runner: .init(user: "jenkins"))
            note.timeout = .seconds(240)
            for commit in [commits[1], commits[commits.count - 1], commits[1]] {
                #expect(await note.add(Self.report("LIVE", commit, app: "backend")) == nil)
            }
        }
        let first = try await scene.fixture.git("notes", "--ref=descry", "show", commits[1])
        #expect(first.hasPrefix("by hand\n\nLIVE proven at "), "\(first)")
        #expect(first.split(separator: "LIVE proven").count == 2, "the same is not said twice")
        let last = try await scene.fixture.git("notes", "--ref=descry", "show", commits[commits.count - 1])
        #expect(last.hasPrefix("LIVE proven at "))
        let list = try await scene.fixture.git("notes", "--ref=descry", "list").split(separator: "\n")
        #expect(list.count == commits.count, "one each, and none twice")
        #expect(try await scene.fixture.git("notes", "--ref=descry", "show", commits[2]) == "by hand\n")
        try await scene.fixture.git("fsck", "--strict", "--no-dangling")
        // And git goes on from there.
        try await Program.run("git", me + ["append", "-m", "more", commits[1]], variables: variables)
        #expect(try await scene.fixture.git("notes", "--ref=descry", "show", commits[1]).hasSuffix("\nmore\n"))
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
