import FoundationEssentials
import Reconciling
import Reporting
import Scenes
import TestServers
import Testing

/// `descry rollback` with a cluster, its history and a git server: a commit, and then a deployment like any other.
@Suite(.timeLimit(.minutes(15))) struct GitRollbackTests {
    typealias Scene = SandboxScene

    @Test func `the versions before the last deployment come back by a commit`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let first = try await scene.repository.tip(of: "DEV")
            #expect(try await scene.deploy([("backend", Scene.second), ("frontend", Scene.first)]).status == .done)
            let parent = try await scene.repository.tip(of: "DEV")
            let dry = try await scene.rollBack(isDryRun: true)
            #expect(dry.outcome == .pending && dry.apps.map(\.to) == [Scene.first])
            #expect(try await scene.repository.tip(of: "DEV") == parent)

            let report = try await scene.rollBack()
            #expect(report.command == .rollback && report.outcome == .committed && report.parent == parent)
            #expect(report.notes == ["no app is named: those that deployment 2 changed"])
            #expect(report.apps.map(\.app) == ["backend"] && report.apps[0].proof?.deployment == 1)
            let message = try await scene.repository.git("log", "-1", "--format=%B", "DEV")
            #expect(message.hasPrefix("Roll back backend to 1.0.0-rc-c0ffee0 in DEV\n\n"), "\(message)")
            #expect(message.contains("\nRestored-From: DEV@\(first)\n"), "\(message)")
            // Before it is deployed there is nothing more to take back.
            #expect(try await scene.rollBack().outcome == .unchanged)
            #expect(try await scene.apply().status == .done)
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
        }
    }

    /// The cluster went back by itself, and the branch did not: the commit makes them say the same, and leaves alone what was
    /// changed since.
    @Test func `a version that failed goes back on the branch, too`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let broken = Fate.pullFails.version("1.1.0")
            #expect(
                try await scene.deploy([("backend", broken), ("frontend", Scene.first)]).status == .rolledBack)
            try await scene.commit([("backend", broken), ("frontend", Scene.second)])
            let before = try await scene.descriptor(of: "DEV")
            let report = try await scene.rollBack(["backend"])
            #expect(
                report.apps == [
                    .init(app: "backend", from: broken, to: Scene.first, proof: report.apps.first?.proof)
                ])
            #expect(try await scene.descriptor(of: "DEV") == before.replacing(broken, with: Scene.first))
            #expect(try await scene.apply().status == .done)
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.second)"])
            // Not to what failed, however it is named.
            for destination in [Rollback.Destination.deployment(2), try await scene.commitOfDeployment(2)] {
                #expect(
                    try await Scene.codes { _ = try await scene.rollBack(["backend"], to: destination) }
                        == ["quarantined"])
            }
        }
    }

    @Test func `to a deployment by its number or its commit`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let third = Fate.runs.version("1.2.0")
            for version in [Scene.second, third] {
                #expect(try await scene.deploy([("backend", version), ("frontend", version)]).status == .done)
            }
            let short = String(try await scene.repository.tip(of: "DEV~2").prefix(10))
            let dry = try await scene.rollBack(to: .commit(short), isDryRun: true)
            #expect(dry.apps.map(\.to) == [Scene.first, Scene.first])
            let one = try await scene.rollBack(["frontend"], to: .deployment(2))
            #expect(one.apps.map(\.app) == ["frontend"] && one.apps[0].to == Scene.second)
            #expect(
                try await scene.descriptor(of: "DEV").contains("name: backend, kind: StatefulSet, version: \(third)"))
            func codes(_ destination: Rollback.Destination) async throws -> [String] {
                try await Scene.codes { _ = try await scene.rollBack(to: destination) }
            }
            #expect(try await codes(.deployment(9)) == ["unknown-deployment"])
            #expect(try await codes(.commit("0123456789")) == ["unknown-commit"])
        }
    }
}

extension SandboxScene {
    fileprivate func commitOfDeployment(_ number: Int) async throws -> Rollback.Destination {
        .commit(try await history().first { $0.number == number }?.commit.id ?? "")
    }
}
