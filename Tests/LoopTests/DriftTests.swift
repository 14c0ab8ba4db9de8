import Planning
import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing
import Workloads

/// Somebody else writes to a workload: it is put right or told, by name, and not for ever.
@Suite(.timeLimit(.minutes(15))) struct DriftTests {
    typealias Scene = LoopScene

    @Test func `drift is put right, and who wrote it is told`() async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                try scene.setImage("9.9.9", as: "kubectl-set")
                let found = try await loop.drift()
                #expect(found.map(\.app) == ["backend"] && found.first?.isCorrected == true)
                #expect(found.first?.changes.map(\.reason) == [.driftedImage])
                #expect(found.first?.writers.first?.hasPrefix("kubectl-set") == true, "\(found)")
                let apps: [String] = try await loop.next { event in
                    if case .driftCorrected(_, let apps) = event { apps } else { nil }
                }
                #expect(apps == ["backend"])
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }

    /// With `drift: report` nothing is written, and a new version still deployed.
    @Test func `drift is only told where that is asked for`() async throws {
        try await Scene.run(apps: ["backend", "frontend"]) { scene in
            try await scene.running([try scene.environment("DEV", "drift: report")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                try scene.setImage("9.9.9", as: "kubectl-set")
                let found = try await loop.drift()
                #expect(found.first?.isCorrected == false)
                #expect(found.first?.writers.first?.hasPrefix("kubectl-set") == true)
                #expect(try await scene.tags() == ["9.9.9", Scene.second])
                #expect(scene.events("DriftFound").contains { $0.contains("kubectl-set") })
                let next = try await scene.commit(Scene.second, ["frontend": Scene.third])
                let pass = try await loop.pass(for: next)
                #expect(pass.report?.apps.map(\.outcome) == [.drifted, .proven])
                #expect(try await scene.tags() == ["9.9.9", Scene.third])
                #expect(try await loop.drifts(until: 3) == 0, "it was told already")
            }
        }
    }

    /// A workload that is deleted and made anew, by Helm say, with an old image and without annotations.
    @Test func `a workload that is made anew is deployed to again`() async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                let commit = try await scene.commit(Scene.second)
                try await loop.pass(for: commit)
                try scene.delete("backend")
                let gone = try await loop.pass(for: commit)
                #expect(gone.status == .missing && gone.start.reason == "drift")
                try scene.sandbox.create(
                    SandboxScene.workload(.statefulSet, "backend", 1, false), namespace: "dev")
                let pass = try await loop.pass(for: commit)
                #expect(pass.report?.outcome == .proven, "\(pass)")
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }

    /// A change of status, of replicas, or of foreign annotations is nobody's business.
    @Test func `what Descry does not own wakes nobody`() async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                try scene.change("backend", as: "hpa", ["spec": ["replicas": .integer(2)]])
                try scene.change("backend", as: "somebody", ["metadata": ["annotations": ["theirs": "1"]]])
                #expect(try await loop.polls(3).passes == 0)
            }
        }
    }

    @Test func `a rival is damped and named, and a new version is deployed over it`() async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                for number in 1...3 {
                    try scene.setImage("9.9.\(number)", as: "argocd")
                    #expect(try await loop.drift().first?.isCorrected == true)
                    let _: [String] = try await loop.next { event in
                        if case .driftCorrected(_, let apps) = event { apps } else { nil }
                    }
                }
                try scene.setImage("9.9.4", as: "argocd")
                let contested: [String] = try await loop.next { event in
                    if case .driftContested(_, let apps) = event, !apps.isEmpty { Array(apps.keys) } else { nil }
                }
                #expect(contested == ["backend"])
                let left = try await loop.drift()
                #expect(left.first?.isContested == true && left.first?.isCorrected == false)
                #expect(left.first?.writers.first?.hasPrefix("argocd") == true)
                #expect(try await scene.tags() == ["9.9.4"])
                #expect(scene.events("DriftContested").contains { $0.contains("argocd") })
                let pass = try await loop.pass(for: try await scene.commit(Scene.third))
                #expect(pass.report?.outcome == .proven, "a version that is newly asked for is no drift: \(pass)")
            }
            #expect(try await scene.tags() == [Scene.third])
        }
    }
}

extension LoopReader {
    mutating func drift() async throws -> [FoundDrift] {
        try await next { event in if case .driftFound(_, let found) = event { found } else { nil } }
    }

    /// How much drift is told until so many further polls.
    fileprivate mutating func drifts(until polls: Int) async throws -> Int {
        var (rest, found) = (polls, 0)
        while rest > 0 {
            rest -= try await next { event in
                switch event {
                case .polled: return 1
                case .driftFound:
                    found += 1
                    return nil
                default: return nil
                }
            }
        }
        return found
    }
}
