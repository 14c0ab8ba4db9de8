import Kubernetes
import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing

/// A pass meets what a real API server does only now and then, and gets where it should all the same, or says why not.
@Suite(.timeLimit(.minutes(15))) struct FaultTests {
    typealias Scene = SandboxScene

    private static let names = (0..<5).map { "app-\($0)" }
    private static let patches = Faults.Match(verb: "patch", resource: "statefulsets")

    /// Each fault beside the requests it hits; all of them pass.
    @Test(arguments: [
        (Faults.Fault.refusal(429, retryAfter: 1), patches, 3),
        (.refusal(500), patches, 3),
        (.refusal(503), .init(verb: "list"), 2),
        (.refusal(504), .init(resource: "configmaps"), 2),
        (.reset, patches, 2),
        (.reset, .init(verb: "list"), 1),
        (.cutBody(afterBytes: 20), .init(verb: "list"), 1),
        (.cutBody(afterBytes: 20), patches, 2),
        (.slowBody(bytes: 100, every: .milliseconds(1)), .init(verb: "list"), 2),
        (.refusal(503), .init(verb: "watch"), 2),
        (.reset, .init(verb: "watch"), 2),
    ])
    func `a passing fault costs time, and nothing else`(
        fault: Faults.Fault, match: Faults.Match, times: Int
    ) async throws {
        try await Scene.run(Self.names) { scene in
            try await scene.commit(Self.names.map { ($0, Scene.second) })
            scene.sandbox.faults.inject(fault, into: match, times: times)
            let outcome = try await scene.apply()
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.apps.allSatisfy { $0.outcome == .proven })
            #expect(scene.sandbox.faults.met == times)
            let images = try await scene.images()
            #expect(images == Set(Self.names.map { "\($0):\(Scene.second)" }))
        }
    }

    /// What has begun is brought to its end, however often no connection can be made; a pass that has written nothing yet gives up
    /// after four attempts, since the address may be wrong.
    @Test(arguments: [
        patches, .init(verb: "delete", resource: "pods"), .init(verb: "patch", resource: "configmaps"),
    ])
    func `an API server that is away while all goes back is waited for`(match: Faults.Match) async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let isAway = Mutex(false)
            let faults = scene.sandbox.faults
            try await scene.commit([
                ("backend", Scene.second), ("frontend", "\(Fate.pullFails.version("1.1.0")), after: [backend]"),
            ])
            let outcome = try await scene.apply { event in
                guard case .note(let text) = event, text.hasPrefix("rolling back") else { return }
                if !isAway.withLock({ isAway in
                    defer { isAway = true }
                    return isAway
                }) {
                    faults.inject(.reset, into: match, times: 7)
                }
            }
            #expect(faults.met == 7)
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.apps.allSatisfy { $0.rollback?.outcome == .proven }, "\(outcome.report)")
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
            #expect(try await scene.history().first?.outcome == .rolledBack)
        }
    }

    /// After etcd was away, the API server may compare a precondition with an object that it had cached before.
    @Test func `a deletion that is refused although the pod is still the one is asked for again`() async throws {
        try await Scene.run(["backend"]) { scene in
            scene.sandbox.faults.inject(.refusal(409), into: .init(verb: "delete", resource: "pods"), times: 2)
            try await scene.commit([("backend", Fate.pullFails.version("1.1.0"))])
            let outcome = try await scene.apply()
            #expect(scene.sandbox.faults.met == 2)
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
        }
    }

    @Test func `an API server that is away before anything is written is given up`() async throws {
        try await Scene.run(["backend"]) { scene in
            try await scene.commit([("backend", Scene.second)])
            scene.sandbox.faults.inject(.reset, into: .init(verb: "list"), times: 4)
            await #expect(throws: KubernetesError.self) { try await scene.apply() }
            #expect(scene.sandbox.faults.met == 4)
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    /// A request that hangs is given up and sent again.
    @Test func `a request without an answer is sent again`() async throws {
        try await Scene.run(["backend"]) { scene in
            try await scene.commit([("backend", Scene.second)])
            scene.sandbox.faults.inject(.hang, into: Self.patches)
            let outcome = try await scene.apply(requestTimeout: .seconds(5))
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(scene.sandbox.faults.met == 1)
        }
    }

    /// The watches are cut and their history is forgotten while the pods are being replaced.
    @Test(arguments: [false, true])
    func `a watch that is cut is resumed, and one that cannot be begins anew`(expires: Bool) async throws {
        try await Scene.run(["backend"], replicas: 3, delay: .milliseconds(100)) { scene in
            try await scene.commit([("backend", Scene.second)])
            let faults = scene.sandbox.faults
            let wasCut = Mutex(false)
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, case .rolling = app.state else { return }
                let isFirst = wasCut.withLock { wasCut in
                    defer { wasCut = true }
                    return !wasCut
                }
                guard isFirst else { return }
                if expires { faults.expireResourceVersions() }
                faults.cutWatches()
            }
            #expect(wasCut.withLock { $0 })
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.apps[0].pods?.updated == 3)
        }
    }

    /// Somebody else sets the image between the plan and the patch: Descry takes it over once, and says from whom.
    @Test func `a rival is overruled and named`() async throws {
        try await Scene.run(["backend"]) { scene in
            try await scene.commit([("backend", Scene.second)])
            scene.sandbox.faults.inject(
                .rival(
                    fieldManager: "keel",
                    patch: [
                        "spec": [
                            "template": [
                                "spec": [
                                    "containers": [
                                        ["name": "backend", "image": "registry.example.com/shop/backend:9.9.9"]
                                    ]
                                ]
                            ]
                        ]
                    ]), into: Self.patches)
            let outcome = try await scene.apply()
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.apps[0].notes.contains { $0.contains("took over") && $0.contains("keel") })
            let images = try await scene.images()
            #expect(images == ["backend:\(Scene.second)"])
        }
    }

    /// The first pod never becomes ready, so that the pass is still waiting for it.
    @Test func `a token that is revoked in the middle ends the pass as failed`() async throws {
        try await Scene.run(["backend"], replicas: 3, rollout: "{timeout: 5m}") { scene in
            try await scene.commit([("backend", Fate.neverReady.version("1.1.0"))])
            let faults = scene.sandbox.faults
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.pods?.updated == 1 else { return }
                faults.revokeTokens()
                faults.cutWatches()
            }
            #expect(outcome.status == .rolloutFailed)
            #expect(outcome.report.apps[0].failure?.code == "unauthorized", "\(outcome.report)")
        }
    }

    /// The version is not to blame, so the same descriptor goes through once the API server is itself again.
    @Test func `what an API server refused is tried again`() async throws {
        try await Scene.run(["backend"]) { scene in
            try await scene.commit([("backend", Scene.second)])
            scene.sandbox.faults.inject(.refusal(403), into: Self.patches)
            let refused = try await scene.apply()
            #expect(refused.status == .denied, "\(refused.report)")
            let again = try await scene.apply()
            #expect(again.status == .done, "\(again.report)")
        }
    }

    @Test func `a token that is not taken at all writes nothing`() async throws {
        try await Scene.run(["backend"]) { scene in
            try await scene.commit([("backend", Scene.second)])
            scene.sandbox.revoke(scene.deployer)
            await #expect(throws: (any Error).self) { try await scene.apply() }
        }
    }
}
