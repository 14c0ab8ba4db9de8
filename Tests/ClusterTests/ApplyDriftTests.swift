import TestServers
import Testing

/// Workloads that somebody else changes: before a pass, by another field manager, and while it runs.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ApplyDriftTests {
    typealias Scene = DeploymentScene

    private static func set(_ image: String, on scene: Scene) async throws {
        try await scene.namespace.kubectl(["set", "image", "statefulset/backend", "backend=\(image)"])
        try await scene.namespace.rolledOut("statefulset/backend")
    }

    @Test func `a drifted image is corrected, and its manager is named`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            let first = try await scene.deploy(("backend", Scene.second))
            #expect(first.exitCode == 0, "\(first)")
            try await Self.set("\(Scene.registry)/backend:hotfix", on: scene)
            let run = try await scene.apply()
            #expect(run.exitCode == 0, "\(run)")
            let app = try #require(try run.pass()["backend"])
            #expect(app.outcome == "proven")
            #expect(app.changes.map(\.reason) == ["drifted-image"])
            #expect(app.changes.first?.from?.hasSuffix(":hotfix") == true)
            #expect(app.notes.contains { $0.hasPrefix("took over ") && $0.contains("kubectl") }, "\(app.notes)")
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.second)")
        }
    }

    @Test func `with drift report it is left alone, and a new version is deployed all the same`() async throws {
        try await Scene.run([Scene.workload("backend"), Scene.workload("frontend")]) { scene in
            // Takes the images over from kubectl, which made the workloads.
            let first = try await scene.deploy(("backend", Scene.second), ("frontend", Scene.second))
            #expect(first.exitCode == 0, "\(first)")
            try await Self.set("\(Scene.registry)/backend:hotfix", on: scene)
            try scene.environment("DEV", replacing: ["drift": "report"])
            let before = try await scene.patched().count

            let third = Fate.runs.version("1.2.0")
            let run = try await scene.deploy(("backend", Scene.second), ("frontend", third))
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass().outcomes == ["backend": "drifted", "frontend": "proven"])
            #expect(run.errors.contains("backend: changed by someone else and left so (drift: report)"))
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:hotfix")
            #expect(try await scene.patched().dropFirst(before) == ["frontend"])
        }
    }

    /// `drift` is about what somebody changed behind the descriptor's back; a version that it newly asks for is none.
    @Test func `with drift report a new version is deployed over another manager's field, which is told`() async throws
    {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try scene.environment("DEV", replacing: ["drift": "report"])
            // Owns the image, so a plain server-side apply of another value conflicts.
            let rival = Scene.workload("backend").replacing("\n---\n", with: "\n")
            try await scene.namespace.kubectl(
                ["apply", "--server-side", "--force-conflicts", "--field-manager=rival", "--filename=-"], input: rival)
            let run = try await scene.deploy(("backend", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.second)")
            let notes = try run.pass()["backend"]?.notes ?? []
            #expect(notes.contains { $0.hasPrefix("took over ") && $0.contains("rival") }, "\(notes)")
        }
    }

    @Test func `a workload that changes all the time is deployed nevertheless`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 3)]) { scene in
            try await scene.commit(("backend", Scene.second))
            let run = try await withThrowingTaskGroup(of: DescryBinary.Run?.self) { group in
                group.addTask { try await scene.apply() }
                for writer in 0..<2 {
                    group.addTask {
                        var count = 0
                        // Ends when the pass has ended.
                        while !Task.isCancelled {
                            count += 1
                            try await scene.namespace.kubectl([
                                "annotate", "statefulset/backend", "--overwrite", "rival-\(writer)=\(count)",
                            ])
                        }
                        return nil
                    }
                }
                defer { group.cancelAll() }
                return try await group.next().flatMap(\.self)
            }
            #expect(run?.exitCode == 0, "\(String(describing: run))")
            #expect(try run?.pass().outcomes == ["backend": "proven"])
            #expect(try await scene.field("statefulset/backend", ".metadata.annotations.rival-0") != "")
        }
    }
}
