import TestServers
import Testing

/// `descry run` while the control plane is not itself, for longer than a lease lasts. Every other test would feel it: each of these runs
/// alone.
@Suite(
    .enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .serialized, .timeLimit(.minutes(15))
)
struct RunOutageTests {
    typealias Scene = DeploymentScene

    enum Outage: CaseIterable {
        case apiServerDown, apiServerBounced, apiServerFrozen, etcdDown, etcdFrozen, controllersFrozen

        func happen(to plane: ControlPlane) async throws {
            switch self {
            case .apiServerDown: try await plane.bounce("kube-apiserver", seconds: 60)
            case .apiServerBounced: for _ in 1...3 { try await plane.bounce("kube-apiserver") }
            case .apiServerFrozen: try await plane.freeze("kube-apiserver", seconds: 20)
            case .etcdDown: try await plane.bounce("etcd", seconds: 15)
            case .etcdFrozen: try await plane.freeze("etcd", seconds: 20)
            case .controllersFrozen: try await plane.freeze("kube-controller-manager", seconds: 15)
            }
        }
    }

    /// The lease stays where it is, since a replica that cannot renew it has not lost it, and what is set by somebody else afterwards is
    /// found by the watch.
    @Test(arguments: Outage.allCases)
    func `a commit that comes meanwhile is deployed afterwards`(_ outage: Outage) async throws {
        try await Scene.run([Scene.workload("backend")], alone: true) { scene in
            let start = try await scene.commit(("backend", Scene.first))
            let process = try scene.descry.start([
                "run", "--environments", scene.folder.path, "--listen", "127.0.0.1:0", "--poll-interval", "1s",
                "--replica", "test",
            ])
            try await process.passed(start)
            async let end: Void = outage.happen(to: scene.plane)
            let commit = try await scene.commit(("backend", Scene.second))
            try await end
            try await process.passed(commit)
            #expect(try await scene.image("statefulset/backend").hasSuffix(Scene.second))
            #expect(try await scene.field("lease/descry-dev", ".spec.holderIdentity").hasPrefix("test_"))
            #expect(["", "0"].contains(try await scene.field("lease/descry-dev", ".spec.leaseTransitions")))
            let image = "backend=\(Scene.registry)/backend:9.9.9"
            try await scene.namespace.kubectl(["set", "image", "statefulset/backend", image])
            try await process.line { $0.contains("\"Put right what had drifted\"") }
            #expect(try await scene.image("statefulset/backend").hasSuffix(Scene.second))
            let run = try await process.end(.terminate)
            #expect(run.exitCode == 0, "\(run)")
            #expect(try await scene.field("lease/descry-dev", ".spec.holderIdentity") == "")
        }
    }
}

extension DescryProcess {
    /// Waits until a pass has found the environment to be as the commit says, or has made it so.
    func passed(_ commit: String) async throws { try await line { Self.says(commit, $0) } }

    /// Whether the line says so.
    static func says(_ commit: String, _ line: String) -> Bool {
        line.contains("\"Pass ended\"") && line.contains(commit)
            && (line.contains("\"outcome\":\"proven\"") || line.contains("\"outcome\":\"unchanged\""))
    }
}
