import FoundationEssentials
import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// With `onFailure: revert` what the cluster has taken back is taken back in git as well.
@Suite(.timeLimit(.minutes(15))) struct RevertTests {
    typealias Scene = SandboxScene

    static let rollout = "{timeout: 2m, onFailure: revert}"
    static let broken = Fate.pullFails.version("1.1.0")

    @Test func `the branch goes back by a commit, which the cluster runs already`() async throws {
        try await Scene.run(
            ["backend", "frontend"], rollout: Self.rollout,
            settings: "revert: {author: \"Descry Bot <bot@example.com>\"}"
        ) { scene in
            let before = try await scene.descriptor(of: "DEV")
            let failed = try await scene.commit([("backend", Self.broken), ("frontend", Scene.second)])
            let outcome = try await scene.apply()
            #expect(outcome.status == .rolledBack && outcome.report.outcome == .rolledBack)
            let revert = try #require(outcome.report.revert)
            #expect(revert.outcome == .committed, "\(revert)")
            #expect(
                revert.apps == [
                    .init(app: "backend", from: Self.broken, to: Scene.first),
                    .init(app: "frontend", from: Scene.second, to: Scene.first),
                ])
            let tip = try await scene.repository.tip(of: "DEV")
            #expect(revert.commit?.id == tip && revert.commit?.author == "Descry Bot")
            #expect(try await scene.repository.tip(of: "DEV~1") == failed)
            #expect(try await scene.descriptor(of: "DEV") == before)
            #expect(
                try await scene.repository.git("log", "-1", "--format=%an <%ae>%n%cn%n%B", "DEV") == """
                    Descry Bot <bot@example.com>
                    Descry Bot
                    Revert backend to 1.0.0-rc-c0ffee0, frontend to 1.0.0-rc-c0ffee0 in DEV

                    backend \(Self.broken) → \(Scene.first)
                    frontend \(Scene.second) → \(Scene.first)

                    Commit \(failed.prefix(10)) failed in DEV (image-pull), and what runs there went back.

                    App: backend
                    Version: \(Scene.first)
                    App: frontend
                    Version: \(Scene.first)
                    Reverts: \(failed)
                    Reason: image-pull


                    """)
            let deployment = try #require(try await scene.history().first)
            #expect(deployment.outcome == .rolledBack && deployment.commit.id == failed)
            #expect(deployment.reverts?.map(\.commit) == [tip] && deployment.reverts?.first?.reverts == failed)

            let next = try await scene.apply()
            #expect(next.status == .done && next.report.outcome == .unchanged && next.report.revert == nil)
            #expect(next.report.commit?.id == tip)
            #expect(try await scene.history().first?.number == deployment.number, "nothing was deployed")
        }
    }

    /// What fails by its check, or beside another app, or in a later step, is reverted as well.
    @Test(arguments: [
        ("verify: {job: smoke, timeout: 1h}", Scene.second, "verify-failed"),
        ("", Fate.crashes.version("1.1.0"), "crash-loop"),
    ])
    func `whatever speaks against a version reverts it`(
        settings: String, version: String, reason: String
    ) async throws {
        try await Scene.run(
            ["backend"], rollout: "{timeout: 2m, onFailure: revert, replaceStuckPods: always}",
            rules: [
                .init(verbs: ["get", "create", "delete"], group: "batch", resources: ["cronjobs", "jobs"]),
                .init(verbs: ["get"], resources: ["pods/log"]),
            ],
            prepare: { try $0.create(VerifyScene.cronJob(.crashes, ["backoffLimit": 0]), namespace: "shop") }
        ) { scene in
            let scene = try scene.with(settings)
            try await scene.commit([("backend", version)])
            let outcome = try await scene.apply(clock: QuickClock(factor: 50))
            #expect(outcome.status == .rolledBack && outcome.report.revert?.outcome == .committed, "\(outcome.report)")
            let message = try await scene.repository.git("log", "-1", "--format=%B", "DEV")
            #expect(message.contains("\nReason: \(reason)\n"), "\(message)")
            #expect(try await scene.apply().report.outcome == .unchanged)
        }
    }

    /// Another policy leaves git alone.
    @Test(arguments: [
        ("rollback", Reporting.ExitStatus.rolledBack), ("stop", .rolloutFailed), ("continue", .rolloutFailed),
    ])
    func `other policies write nothing to git`(onFailure: String, status: Reporting.ExitStatus) async throws {
        try await Scene.run(["backend"], rollout: "{timeout: 2m, onFailure: \(onFailure)}") { scene in
            let failed = try await scene.commit([("backend", Self.broken)])
            let outcome = try await scene.apply()
            #expect(outcome.status == status && outcome.report.revert == nil)
            #expect(try await scene.repository.tip(of: "DEV") == failed)
        }
    }

    /// Nothing is reverted that nobody has seen fail, and come back.
    @Test func `who does not wait for rollouts reverts nothing`() async throws {
        try await Scene.run(["backend"], rollout: Self.rollout) { scene in
            let failed = try await scene.commit([("backend", Self.broken)])
            for extent in [Sync.Extent.validate, .plan, .patch] {
                let outcome = try await scene.apply(extent: extent)
                #expect(outcome.status == .done && outcome.report.revert == nil, "\(extent)")
            }
            #expect(try await scene.repository.tip(of: "DEV") == failed)
            let missing = try await scene.commit([("backend", Scene.second), ("absent", Scene.first)])
            let refused = try await scene.apply()
            #expect(refused.status == .missing && refused.report.revert == nil)
            #expect(try await scene.repository.tip(of: "DEV") == missing)
        }
    }

    /// What could not be taken back is no reason to say that it was.
    @Test func `what is not proven back stays in git`() async throws {
        try await Scene.run(["backend", "frontend"], rollout: Self.rollout) { scene in
            let failed = try await scene.commit([
                ("frontend", Scene.second), ("backend", Self.broken + ", after: [frontend]"),
            ])
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == "frontend", case .proven = app.state else { return }
                scene.sandbox.change(
                    scene.deployer, namespace: "shop",
                    rules: Scene.rules().map { rule in
                        var rule = rule
                        if rule.resources == ["statefulsets"] { rule.verbs = ["get", "list", "watch"] }
                        return rule
                    })
            }
            #expect(outcome.status == .rolloutFailed && outcome.report.revert == nil, "\(outcome.report)")
            #expect(try await scene.repository.tip(of: "DEV") == failed)
        }
    }

    /// A failure that says nothing against a version is tried again.
    @Test func `what the cluster failed by is tried again`() async throws {
        try await Scene.run(["backend", "frontend"], rollout: "{timeout: 2m, onFailure: revert}") { scene in
            try await scene.commit([
                ("backend", Scene.second), ("frontend", Scene.second + ", after: [backend]"),
            ])
            let narrow = scene.sandbox.account(
                "narrow", namespace: "shop",
                rules: Scene.rules().filter { $0.resources != ["statefulsets"] } + [
                    .init(verbs: ["get", "list", "watch"], group: "apps", resources: ["statefulsets"]),
                    .init(verbs: ["patch"], group: "apps", resources: ["statefulsets"], names: ["backend"]),
                ])
            let outcome = try await scene.apply(as: narrow)
            #expect(outcome.status == .rolledBack && outcome.report.revert == nil, "\(outcome.report)")
            #expect(outcome.report.notes.contains { $0.hasPrefix("not reverted in git") })
            #expect(try await scene.apply().status == .done)
        }
    }

    /// The pass's end does not depend on the git server; the next one does what is due.
    @Test func `a push that is refused is told, and done by the next pass`() async throws {
        try await Scene.run(["backend"], rollout: Self.rollout) { scene in
            try scene.repository.hook("update", "echo \"$1 is frozen\" >&2; exit 1")
            let failed = try await scene.commit([("backend", Self.broken)])
            let outcome = try await scene.apply()
            #expect(outcome.status == .rolledBack)
            let revert = try #require(outcome.report.revert)
            #expect(revert.outcome == .failed && revert.failure?.code == "push-refused", "\(revert)")
            #expect(revert.failure?.message.contains("refs/heads/DEV is frozen") == true)
            #expect(try await scene.repository.tip(of: "DEV") == failed)
            #expect(try await scene.history().first?.reverts == nil)

            let again = try await scene.apply()
            #expect(again.status == .refused && again.report.revert?.outcome == .failed)
            try scene.repository.hook("update", "exit 0")
            let third = try await scene.apply()
            #expect(third.status == .refused && third.report.revert?.outcome == .committed, "\(third.report)")
            #expect(try await scene.descriptor(of: "DEV").contains(Scene.first))
            #expect(try await scene.history().first?.reverts?.count == 1)
            #expect(try await scene.apply().report.outcome == .unchanged)
        }
    }

    /// Somebody else pushes between the look at the branch and the push.
    @Test(arguments: [
        // Another app is changed: that stays.
        ([("backend", broken), ("frontend", Scene.second)], [("backend", Scene.first), ("frontend", Scene.second)]),
        // The failed one is mended: nothing is left to revert.
        ([("backend", Scene.second), ("frontend", Scene.first)], nil),
    ])
    func `a newer commit is not undone`(newer: [(String, String)], reverted: [(String, String)]?) async throws {
        try await Scene.run(["backend", "frontend"], rollout: Self.rollout) { scene in
            try await scene.commit([("backend", Self.broken), ("frontend", Scene.first)])
            let failed = try await scene.repository.tip(of: "DEV")
            let rival = try await scene.commit(newer)
            try await scene.repository.move("DEV", to: failed)
            try scene.repository.hook(
                "pre-receive",
                """
                if mkdir once 2>/dev/null; then
                  env -u GIT_QUARANTINE_PATH git update-ref refs/heads/DEV \(rival)
                fi
                """)
            let outcome = try await scene.apply()
            #expect(outcome.status == .rolledBack)
            let revert = try #require(outcome.report.revert)
            #expect(revert.outcome == (reverted == nil ? .unchanged : .committed), "\(revert)")
            if let reverted {
                #expect(try await scene.repository.tip(of: "DEV~1") == rival)
                let text = try await scene.descriptor(of: "DEV")
                for (app, version) in reverted {
                    #expect(text.contains("name: \(app), kind: StatefulSet, version: \(version)"))
                }
            } else {
                #expect(try await scene.repository.tip(of: "DEV") == rival)
                #expect(try await scene.history().first?.reverts == nil)
            }
            #expect(try await scene.apply().status == .done)
        }
    }

    /// A commit that changes more than versions cannot be taken back by versions.
    @Test func `an app whose image was changed, too, is left alone`() async throws {
        try await Scene.run(["backend"], rollout: Self.rollout) { scene in
            let failed = try await scene.commit([("backend", Self.broken + ", image: elsewhere/backend")])
            let outcome = try await scene.apply()
            #expect(outcome.status == .rolledBack && outcome.report.revert?.outcome == .unchanged)
            #expect(outcome.report.revert?.notes.count == 1, "\(outcome.report)")
            #expect(try await scene.repository.tip(of: "DEV") == failed)
        }
    }

    /// It is known to fail and the cluster runs what is restored, so nobody has to be waited for.
    @Test(arguments: ["windows: [{allow: \"Mon-Fri 08:00-17:00\"}]", "approvals: {count: 1, signers: SIGNERS}"])
    func `a revert waits for no guard`(settings: String) async throws {
        try await Scene.run(["backend"], rollout: Self.rollout) { scene in
            let list = try scene.folder.write(
                "signers",
                "dana@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n")
            let guarded = try scene.with(settings.replacing("SIGNERS", with: list))
            try scene.repository.hook("update", "exit 1")
            try await scene.commit([("backend", Self.broken)])
            #expect(try await scene.apply().report.revert?.outcome == .failed)
            try scene.repository.hook("update", "exit 0")
            let outcome = try await guarded.apply(now: Self.outside)
            #expect(outcome.status == .changesPending, "\(outcome.report)")
            #expect(outcome.report.revert?.outcome == .committed, "\(outcome.report)")
            let next = try await guarded.apply(now: Self.outside)
            #expect(next.status == .done && next.report.outcome == .unchanged && next.report.waitingFor == nil)
        }
    }

    /// Neither of two commits was ever good: what ran before both is what git says again.
    @Test func `what a newer commit had gone on from goes back with it`() async throws {
        try await Scene.run(
            ["backend", "frontend"], rollout: "{timeout: 1h, onFailure: revert, replaceStuckPods: always}"
        ) { scene in
            let before = try await scene.descriptor(of: "DEV")
            try await scene.commit([("backend", Fate.neverReady.version("1.1.0")), ("frontend", Scene.second)])
            let (waits, wait) = AsyncStream<Void>.makeStream()
            let pass = Task {
                try await scene.apply(
                    follow: .milliseconds(50),
                    progress: { event in
                        if case .app(let app) = event, app.app == "backend", app.pods?.updated ?? 0 > 0 { wait.yield() }
                    })
            }
            for await _ in waits { break }
            try await scene.commit([("backend", Fate.pullFails.version("1.2.0")), ("frontend", Scene.second)])
            let outcome = try await pass.value
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.revert?.apps.map(\.to) == [Scene.first, Scene.first], "\(outcome.report)")
            #expect(try await scene.descriptor(of: "DEV") == before)
            #expect(try await scene.apply().report.outcome == .unchanged)
        }
    }

    /// A Monday at seven, in UTC.
    private static let outside: @Sendable () -> Date = { Date(timeIntervalSince1970: 1_795_417_200) }
}
