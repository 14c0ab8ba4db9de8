import Git
import Kubernetes
import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing

/// The API server is not itself, or takes the token no longer: the loop goes on as soon as it can, and has lost nothing.
@Suite(.timeLimit(.minutes(15))) struct OutageTests {
    typealias Scene = LoopScene

    /// So many requests of whichever kind, renewals of the lease and watches among them, meet the fault.
    @Test(arguments: [
        (Faults.Fault.refusal(429, retryAfter: 1), 12), (.refusal(429, retryAfter: 0), 100), (.refusal(500), 60),
        (.refusal(503, retryAfter: 1), 12), (.refusal(504), 60), (.reset, 60), (.cutBody(afterBytes: 10), 40),
        (.slowBody(bytes: 500, every: .milliseconds(20)), 40), (.hang, 2),
    ])
    func `a storm delays a commit, and nothing is lost`(fault: Faults.Fault, times: Int) async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                scene.sandbox.faults.inject(fault, times: times)
                scene.sandbox.faults.cutWatches()
                try await loop.proven(try await scene.commit(Scene.second))
                scene.sandbox.faults.clear()
                #expect(scene.sandbox.faults.met > 0)
                #expect(try await scene.tags() == [Scene.second])
                try scene.setImage("9.9.9", as: "kubectl-set")
                #expect(try await loop.drift().first?.isCorrected == true, "the namespace is watched as before")
                #expect(scene.lease()?["spec", "leaseTransitions"] == 0, "the lease stayed where it was")
            }
        }
    }

    /// How the watches on the workloads end.
    enum WatchTrouble: CaseIterable { case cut, expired, refused }

    @Test(arguments: WatchTrouble.allCases)
    func `drift is found after the watches were ended`(_ trouble: WatchTrouble) async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                let faults = scene.sandbox.faults
                for round in 1...3 {
                    if trouble == .expired { faults.expireResourceVersions() }
                    if trouble == .refused { faults.inject(.refusal(503), into: .init(verb: "watch"), times: 3) }
                    faults.cutWatches()
                    try scene.setImage("9.9.\(round)", as: "kubectl-set")
                    #expect(try await loop.drift().first?.isCorrected == true)
                    let apps: [String] = try await loop.next { event in
                        if case .driftCorrected(_, let apps) = event { apps } else { nil }
                    }
                    #expect(apps == ["backend"])
                }
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }

    /// Nothing that it was about to do gets lost, and no two passes are made where one is enough.
    @Test func `a token that is rotated costs nothing`() async throws {
        try await Scene.run { scene in
            let token = try Token(scene)
            try await scene.running([try scene.environment("DEV")], token.loop(Scene.settings())) { loop in
                try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                for version in [Scene.second, Scene.third] {
                    try token.rotate()
                    scene.sandbox.faults.cutWatches()
                    let pass = try await loop.pass(for: try await scene.commit(version))
                    #expect(pass.report?.outcome == .proven, "\(pass)")
                }
                try scene.setImage("9.9.9", as: "kubectl-set")
                #expect(try await loop.drift().first?.isCorrected == true)
                #expect(scene.lease()?["spec", "leaseTransitions"] == 0)
            }
        }
    }

    /// Withdrawn before the new one is in place: nothing is written meanwhile, and all is as before once it is there, the watch too.
    @Test func `a token that is revoked is waited for`() async throws {
        try await Scene.run { scene in
            let token = try Token(scene)
            var settings = Scene.settings()
            // So that only the watch can find what drifts.
            (settings.resyncInterval, settings.unwatchedInterval) = (.seconds(3600), .seconds(3600))
            try await scene.running([try scene.environment("DEV")], token.loop(settings)) { loop in
                try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                token.revoke()
                scene.sandbox.faults.cutWatches()
                let refused: KubernetesError = try await loop.next { event in
                    if case .unwatched(_, let error) = event { error } else { nil }
                }
                #expect(refused.code == "unauthorized")
                let commit = try await scene.commit(Scene.second)
                let pass = try await loop.pass(for: commit)
                #expect(pass.status == .denied, "\(pass)")
                #expect(try await scene.tags() == [Scene.first])
                try token.rotate()
                try await loop.proven(commit)
                let _: Void = try await loop.next { event in if case .watched = event { () } else { nil } }
                try scene.setImage("9.9.9", as: "kubectl-set")
                #expect(try await loop.drift().first?.isCorrected == true)
                let _: [String] = try await loop.next { event in
                    if case .driftCorrected(_, let apps) = event { apps } else { nil }
                }
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }

    /// A token file of the loop in DEV's namespace.
    private final class Token: Sendable {
        private let scene: Scene
        private let file: String
        private let current: Mutex<Account>

        init(_ scene: Scene) throws {
            self.scene = scene
            let account = Self.account(scene)
            file = try scene.folder.write("token", account.token)
            current = Mutex(account)
        }

        private static func account(_ scene: Scene) -> Account {
            scene.sandbox.account("descry", namespace: "dev", rules: Scene.rules)
        }

        func revoke() { scene.sandbox.revoke(current.withLock { $0 }) }

        /// A new one is in the file before the old one is withdrawn.
        func rotate() throws {
            let fresh = Self.account(scene)
            try scene.folder.write("token", fresh.token)
            revoke()
            current.withLock { $0 = fresh }
        }

        func loop(_ settings: LoopSettings) -> Loop {
            let authority = Result { try scene.folder.write("authority.pem", scene.sandbox.certificateAuthority) }
            let sources = LoopSources(
                repository: scene.sources("one", GitDeadlines()).repository,
                cluster: { [scene, file] _ in
                    KubernetesClient(
                        configuration: try .explicit(
                            server: scene.sandbox.server, certificateAuthority: try authority.get(), tokenFile: file),
                        options: ClientOptions(version: "0.0.0-test"), logger: SandboxScene.silent)
                })
            return Loop(
                settings: settings, holder: LeaseHolder(identity: "one"), sources: sources,
                logger: SandboxScene.silent)
        }
    }
}

extension LoopReader {
    /// Waits until the environment is proven to run the commit, however many passes that takes.
    @discardableResult
    mutating func proven(_ commit: String, _ environment: String = "DEV") async throws -> LoopPass {
        while true {
            let pass = try await pass(environment, for: commit)
            if pass.report?.outcome == .proven { return pass }
        }
    }
}
