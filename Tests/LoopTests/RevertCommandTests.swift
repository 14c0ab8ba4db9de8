import Sandbox
import Scenes
import TestServers
import Testing

/// `descry apply` with `onFailure: revert`, as a build runs it, where only signed commits are deployed.
@Suite(
    .enabled(if: Requirement.sshKeys.isToRun, "\(Requirement.sshKeys)"), .timeLimit(.minutes(15)))
struct RevertCommandTests {
    private struct Scene {
        let loop: LoopScene
        let keys: SSHKeys
        let descry: DescryBinary
        let folder: String
        let list: String

        init(_ loop: LoopScene) async throws {
            self.loop = loop
            keys = try SSHKeys()
            let account = loop.account("jenkins", "DEV")
            descry = try DescryBinary(secrets: [account.token])
            folder = try descry.home.folder("environments")
            let kubeconfig = try descry.home.write("kubeconfig", loop.sandbox.kubeconfig(for: account))
            let (dana, bot) = (try await keys.make(.ed25519, name: "dana"), try await keys.make(.ed25519, name: "bot"))
            list = try descry.home.write(
                "signers", "dana@example.com \(dana.publicKey)\ndescry@example.com \(bot.publicKey)\n")
            let text = """
                environment: DEV
                repository: "\(loop.repository.path)"
                namespace: dev
                registry: \(SandboxScene.registry)
                cluster: {kubeconfig: "\(kubeconfig)"}
                rollout: {timeout: 2m, onFailure: revert}
                revert: {author: "Descry <descry@example.com>", signKey: "\(bot.path)"}
                requireSigned: all
                allowedSigners: "\(list)"
                """
            try TemporaryFolder.write("\(folder)/DEV.yaml", Array(text.utf8))
        }

        func set(_ version: String) async throws {
            let run = try await descry.run([
                "set", "DEV", "backend=\(version)", "--sign-key", "\(keys.folder.path)/dana", "--author",
                "Dana <dana@example.com>", "--environments", folder,
            ])
            #expect(run.exitCode == 0, "\(run)")
        }

        func run(_ arguments: String...) async throws -> DescryBinary.Run {
            try await descry.run(arguments + ["--environments", folder])
        }
    }

    @Test func `the revert is signed, and deployed like any commit`() async throws {
        try await LoopScene.run { loop in
            let scene = try await Scene(loop)
            try await scene.set(LoopScene.second)
            let good = try await scene.run("apply", "DEV")
            #expect(good.exitCode == 0, "\(good)")
            #expect(try await scene.run("doctor", "DEV").output.contains("ok       revert: "))
            let before = try await loop.repository.git("show", "DEV:deploy-descriptor.yaml")
            try await scene.set(TestServers.Fate.pullFails.version("1.2.0"))
            let failed = try await loop.repository.tip(of: "DEV")

            let run = try await scene.run("apply", "DEV")
            #expect(run.exitCode == 3, "\(run)")
            let tip = try await loop.repository.tip(of: "DEV")
            #expect(run.output.contains("DEV reverted in git by \(tip.prefix(10)): backend"), "\(run)")
            #expect(try await loop.repository.tip(of: "DEV~1") == failed)
            #expect(try await loop.repository.git("show", "DEV:deploy-descriptor.yaml") == before)
            let trailers = try await loop.repository.git(
                "log", "-1",
                "--format=%an|%(trailers:key=App,valueonly)|%(trailers:key=Reverts,valueonly)|%(trailers:key=Reason,valueonly)",
                "DEV")
            #expect(
                trailers.split(separator: "|").map { $0.filter { !$0.isNewline } }
                    == ["Descry", "backend", failed, "image-pull"], "\(trailers)")
            // It throws where the signature is not good.
            try await loop.repository.git(
                "-c", "gpg.ssh.allowedSignersFile=\(scene.list)", "verify-commit", "DEV")

            let next = try await scene.run("apply", "DEV")
            #expect(next.exitCode == 0, "\(next)")
            let history = try await scene.run("history", "DEV")
            #expect(history.output.contains("reverted: \(tip.prefix(10))"), "\(history)")
        }
    }

    /// Descry does not push what it would refuse itself.
    @Test func `a key that may not sign is told before anything is pushed`() async throws {
        try await LoopScene.run { loop in
            let scene = try await Scene(loop)
            try await scene.set(LoopScene.second)
            #expect(try await scene.run("apply", "DEV").exitCode == 0)
            try await scene.set(TestServers.Fate.pullFails.version("1.2.0"))
            let failed = try await loop.repository.tip(of: "DEV")
            let signers = try await Program.run("cat", [scene.list])
            let dana = signers.split(separator: "\n").first.map(String.init) ?? ""
            try TemporaryFolder.write(scene.list, Array((dana + "\n").utf8))
            let doctor = try await scene.run("doctor", "DEV")
            #expect(doctor.output.contains("FAILED   revert: The revert's signature would not count"), "\(doctor)")
            let run = try await scene.run("apply", "DEV")
            #expect(run.exitCode == 3, "\(run)")
            #expect(run.output.contains("signature would not count"), "\(run)")
            #expect(try await loop.repository.tip(of: "DEV") == failed)
        }
    }

    /// Somebody who may push, and has no key, pushes just before Descry does: its signature on top would let that through.
    @Test func `nothing is signed on top of what is not`() async throws {
        try await LoopScene.run { loop in
            let scene = try await Scene(loop)
            try await scene.set(LoopScene.second)
            #expect(try await scene.run("apply", "DEV").exitCode == 0)
            try await scene.set(TestServers.Fate.pullFails.version("1.2.0"))
            let failed = try await loop.repository.tip(of: "DEV")
            let unsigned = try await loop.repository.commit(to: "DEV", ["README.md": "nobody signs this\n"])
            try await loop.repository.move("DEV", to: failed)
            try loop.repository.hook(
                "pre-receive",
                "if mkdir once 2>/dev/null; then env -u GIT_QUARANTINE_PATH git update-ref refs/heads/DEV \(unsigned); fi"
            )
            let run = try await scene.run("apply", "DEV")
            #expect(run.exitCode == 3, "\(run)")
            #expect(run.output.contains("not reverted in git: commit-unsigned"), "\(run)")
            #expect(try await loop.repository.tip(of: "DEV") == unsigned)
        }
    }
}
