import FoundationEssentials
import Sandbox
import TestServers
import Testing

/// `descry init`, as its user runs it, on the embedded cluster.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct InitCommandTests {
    private static let registry = "registry.example.com/shop"
    private static let rc = "1.0.0-rc-c0ffee0"
    private static let release = "1.0.0-release-c0ffee0"

    /// A cluster with workloads of before Descry, and a home whose kubeconfig leads to it.
    private static func withCluster(
        _ body: (_ sandbox: Sandbox, _ descry: DescryBinary, _ kubeconfig: String) async throws -> Void
    ) async throws {
        try await Sandbox.run(.init(podDelay: .milliseconds(20))) { sandbox in
            let workloads: [(String, WorkloadKindName, String, String)] = [
                ("shop-dev", .statefulSet, "backend", "\(registry)/backend:\(rc)"),
                ("shop-dev", .deployment, "frontend", "\(registry)/web/frontend:\(rc)"),
                ("shop-dev", .statefulSet, "legacy", "\(registry)/legacy:latest"),
                ("shop-live", .statefulSet, "backend", "\(registry)/backend:\(release)"),
                ("shop-live", .deployment, "frontend", "\(registry)/web/frontend:\(rc)"),
            ]
            for namespace in ["shop-dev", "shop-live", "empty"] { try sandbox.createNamespace(namespace) }
            for (namespace, kind, name, image) in workloads {
                try sandbox.create(workload(kind, name, image), namespace: namespace)
            }
            let descry = try DescryBinary(secrets: [sandbox.administrator.token])
            let kubeconfig = try descry.home.write("kubeconfig", sandbox.kubeconfig(for: sandbox.administrator))
            try await body(sandbox, descry, kubeconfig)
        }
    }

    private enum WorkloadKindName: String {
        case statefulSet = "StatefulSet"
        case deployment = "Deployment"
    }

    private static func workload(_ kind: WorkloadKindName, _ name: String, _ image: String) -> JSONValue {
        var workload: JSONValue = [
            "apiVersion": "apps/v1", "kind": .string(kind.rawValue), "metadata": ["name": .string(name)],
            "spec": [
                "replicas": 1, "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": [
                        "terminationGracePeriodSeconds": 0,
                        "containers": [["name": .string(name), "image": .string(image)]],
                    ],
                ],
            ],
        ]
        if kind == .statefulSet { workload["spec", "serviceName"] = .string(name) }
        return workload
    }

    /// What `-o json` prints, as far as these tests look at it.
    private struct Report: Decodable {
        struct Environment: Decodable {
            struct App: Decodable {
                var app: String
                var kind: String
                var image: String?
            }
            struct LeftOut: Decodable {
                var workload: String
                var code: String
            }
            var environment: String
            var registry: String
            var versions: [String]
            var context: String?
            var commit: String?
            var apps: [App]
            var leftOut: [LeftOut]
        }
        var command: String
        var outcome: String
        var repository: String
        var environments: [Environment]
        var files: [String]
        var next: [String]
    }

    private struct Pass: Decodable {
        struct App: Decodable {
            struct Change: Decodable { var reason: String }
            var app: String
            var changes: [Change]
        }
        var apps: [App]
    }

    private static let both = ["--environment", "DEV=shop-dev", "--environment", "LIVE=shop-live"]

    /// The whole way: from a cluster without Descry to a new version that is proven.
    @Test func `one command, and the environment can be planned, applied and changed`() async throws {
        try await Self.withCluster { sandbox, descry, kubeconfig in
            let variables = ["KUBECONFIG": kubeconfig]
            let dry = try await descry.run(["init", "--dry-run"] + Self.both, variables: variables)
            #expect(dry.exitCode == 0, "\(dry)")
            #expect(dry.output.contains("left out: statefulset/legacy: the tag latest "), "\(dry)")
            #expect(dry.output.contains("    image: web/frontend\n"), "\(dry)")
            #expect(!FileManager.default.fileExists(atPath: descry.home.path + "/deployment"))

            let run = try await descry.run(["init", "-o", "json"] + Self.both, variables: variables)
            #expect(run.exitCode == 0, "\(run)")
            let report: Report = try run.decoded()
            #expect(report.command == "init" && report.outcome == "created")
            #expect(report.repository == "../deployments.git")
            #expect(report.environments.map { $0.apps.map(\.app) } == [["backend", "frontend"], ["backend"]])
            #expect(
                report.environments.map { $0.leftOut.map { "\($0.workload) \($0.code)" } }
                    == [["statefulset/legacy version-numbers"], ["deployment/frontend channel-not-allowed"]])
            #expect(report.environments.map(\.versions) == [["rc", "release"], ["release"]])
            #expect(report.environments.allSatisfy { $0.registry == Self.registry && $0.context != nil })

            let folder = descry.home.path + "/deployment"
            for file in report.files { #expect(FileManager.default.fileExists(atPath: "\(folder)/\(file)")) }
            let lint = try await descry.run(["lint", "deployment/environments"])
            #expect(lint.exitCode == 0, "\(lint)")
            // The rights are those that descry rbac prints.
            let files = ["--environments", "deployment/environments"]
            let kinds = ["--kind", "StatefulSet", "--kind", "Deployment"]
            let rights = try await descry.run(["rbac", "DEV"] + kinds + files)
            #expect(try String(contentsOfFile: folder + "/rbac/DEV.yaml", encoding: .utf8) == rights.output)

            // The next commands, as they were printed.
            for command in report.next where command.hasPrefix("descry ") {
                let words = command.split(separator: " ").dropFirst().map(String.init)
                let next = try await descry.run(words + ["-o", "json"], variables: variables)
                #expect(next.exitCode == 0, "\(next)")
                guard words.first == "plan" else { continue }
                let plan: Pass = try next.decoded()
                #expect(plan.apps.flatMap(\.changes).allSatisfy { $0.reason == "annotation" }, "\(next)")
            }
            let set = try await descry.run(["set", "DEV", "backend=1.1.0-rc-c0ffee1"] + files)
            #expect(set.exitCode == 0, "\(set)")
            let apply = try await descry.run(["apply", "DEV"] + files, variables: variables)
            #expect(apply.exitCode == 0, "\(apply)")
            #expect(apply.output.contains("backend: 1.0.0-rc-c0ffee0 → 1.1.0-rc-c0ffee1: proven"), "\(apply)")

            // Nothing is overwritten.
            let again = try await descry.run(["init", "-o", "json"] + Self.both, variables: variables)
            #expect(again.exitCode == 65, "\(again)")
            #expect(again.errors.contains("error[directory-exists]"), "\(again)")
        }
    }

    @Test func `the branches are pushed, and only where none of them is`() async throws {
        try await Self.withCluster { sandbox, descry, kubeconfig in
            let fixture = try await GitFixture()
            let push = ["--repository", fixture.path, "--push", "--kubeconfig", kubeconfig] + Self.both
            try fixture.hook("post-receive", "echo 'pipeline 12'")
            let run = try await descry.run(
                ["init", "shop", "--author", "Ann Example <ann@example.com>"] + push,
                variables: ["BUILD_URL": "https://ci.example.com/1"])
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.contains("remote: pipeline 12\n"), "\(run)")
            #expect(run.output.contains("DEV, LIVE pushed to \(fixture.path)\n"), "\(run)")
            #expect(
                try await fixture.git("log", "--format=%an%n%B", "LIVE") == """
                    Ann Example
                    Take over LIVE as it runs in shop-live

                    backend \(Self.release)

                    App: backend
                    Version: \(Self.release)
                    Build-URL: https://ci.example.com/1


                    """)
            #expect(!FileManager.default.fileExists(atPath: descry.home.path + "/shop/deployments.git"))
            let plan = try await descry.run(["plan", "LIVE", "--environments", "shop/environments"])
            #expect(plan.exitCode == 0, "\(plan)")

            // Once the branches are pushed the files are not lost, wherever they cannot go; nothing is overwritten.
            let late = descry.home.path + "/late"
            try fixture.hook("post-receive", "mkdir '\(late)' && touch '\(late)/mine'")
            let kept = try await descry.run(
                [
                    "init", "late", "--repository", fixture.path, "--push", "--kubeconfig", kubeconfig, "--environment",
                    "QA=shop-live",
                ])
            #expect(
                kept.exitCode == 65 && kept.errors.contains("made all the same, in \(descry.home.path)/.descry-init-"),
                "\(kept)")
            let place = try #require(
                try FileManager.default.contentsOfDirectory(atPath: descry.home.path).first {
                    $0.hasPrefix(".descry-init-")
                })
            #expect(FileManager.default.fileExists(atPath: "\(descry.home.path)/\(place)/environments/QA.yaml"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: late) == ["mine"])
            try FileManager.default.moveItem(
                atPath: "\(descry.home.path)/\(place)", toPath: descry.home.path + "/moved")
            try await fixture.delete("QA")
            TemporaryFolder.delete(fixture.path + "/hooks/post-receive")

            // A branch that is there already: nothing is pushed, and no folder is left.
            let tips = try await fixture.git("for-each-ref")
            for flags in [[], ["--dry-run"]] {
                let refused = try await descry.run(["init", "other", "-o", "json"] + push + flags)
                #expect(refused.exitCode == 65, "\(refused)")
                #expect(try refused.failure().error.code == "branch-exists")
            }
            try fixture.hook("pre-receive", "echo 'closed on Sundays'; exit 1")
            try await fixture.delete("LIVE")
            let names = ["--environment", "QA=shop-live"]
            let denied = try await descry.run(
                ["init", "other", "--repository", fixture.path, "--push", "--kubeconfig", kubeconfig] + names)
            #expect(denied.exitCode == 77 && denied.errors.contains("closed on Sundays"), "\(denied)")
            #expect(
                try await fixture.git("for-each-ref") == tips.split(separator: "\n").filter { !$0.hasSuffix("LIVE") }
                    .joined(separator: "\n") + "\n")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: descry.home.path).allSatisfy {
                    !$0.contains("other") && !$0.contains("descry-init")
                })
        }
    }

    /// git is the judge of the signatures.
    @Test(.enabled(if: Requirement.sshAgent.isToRun, "\(Requirement.sshAgent)"))
    func `the commits are signed where a key is named`() async throws {
        try await Self.withCluster { sandbox, descry, kubeconfig in
            let keys = try SSHKeys()
            let key = try await keys.make(.ed25519)
            let signers = try keys.folder.write("signers", "ann@example.com \(key.publicKey)\n")
            let run = try await descry.run(
                ["init", "--kubeconfig", kubeconfig, "--sign-key", key.path, "-m", "Begin"] + Self.both)
            #expect(run.exitCode == 0, "\(run)")
            for branch in ["DEV", "LIVE"] {
                let shown = try await Program.run(
                    "git",
                    [
                        "-C", descry.home.path + "/deployment/deployments.git", "-c",
                        "gpg.ssh.allowedSignersFile=\(signers)", "log", "--format=%G? %GS %s", branch,
                    ])
                #expect(shown == "G ann@example.com Begin\n")
            }
        }
    }

    /// Each way to be refused, its exit code and that nothing is left.
    @Test func `refusals have their exit codes`() async throws {
        try await Self.withCluster { sandbox, descry, kubeconfig in
            let reader = sandbox.account(
                "reader", namespace: "shop-dev",
                rules: [.init(verbs: ["list"], group: "apps", resources: ["statefulsets"])])
            descry.plant(reader.token)
            let limited = try descry.home.write("limited", sandbox.kubeconfig(for: reader))
            let file = try descry.home.write("a-file", "")
            let full = try descry.home.folder("full")
            try TemporaryFolder.write(full + "/x", [])
            func one(_ namespace: String, _ config: String = kubeconfig) -> [String] {
                ["--environment", "DEV=\(namespace)", "--kubeconfig", config]
            }
            let rows: [([String], Int32, String)] = [
                (one("nowhere"), 78, "missing-namespace"), (one("empty"), 65, "no-registry"),
                (one("shop-dev", limited), 77, "forbidden"), (one("shop-dev") + ["-l", "app=none"], 65, "no-registry"),
                (one("shop-dev", "/not/there"), 65, "no-kubeconfig"),
                (one("shop-dev") + ["--context", "none"], 65, "unknown-context"),
                (one("Shop_Dev"), 64, "invalid-name"),
                (one("shop-dev") + ["--registry", "https://x"], 64, "invalid-registry"),
                (one("shop-dev") + ["--versions", "beta"], 64, ""),
                (one("shop-dev") + ["--repository", "https://a:b@example.com/x"], 64, "credentials-in-url"),
                (one("shop-dev") + ["--push"], 64, "usage"),
                (one("shop-dev") + ["--environment", "QA=shop-dev"], 64, "usage"),
                ([file] + one("shop-dev"), 65, "directory-exists"), ([full] + one("shop-dev"), 65, "directory-exists"),
                (["."] + one("shop-dev"), 65, "directory-exists"),
                (["/proc/none"] + one("shop-dev"), 65, "unwritable-folder"),
                (["--server", "https://127.0.0.1:1", "--environment", "DEV=shop-dev"], 69, ""),
            ]
            for (arguments, code, word) in rows {
                let run = try await descry.run(["init"] + arguments)
                #expect(run.exitCode == code, "\(run)")
                #expect(run.errors.contains("error[\(word)"), "\(run)")
                #expect(!FileManager.default.fileExists(atPath: descry.home.path + "/deployment"), "\(run)")
            }
            // What may be listed is enough where the rest is not asked for; an empty environment is one that names no apps.
            let narrow = try await descry.run(
                ["init", "--kind", "StatefulSet"] + one("shop-dev", limited) + ["--dry-run"])
            #expect(narrow.exitCode == 0, "\(narrow)")
            let empty = try await descry.run(["init", "--registry", Self.registry] + one("empty"))
            #expect(empty.exitCode == 0, "\(empty)")
            let apply = try await descry.run(["apply", "DEV", "--environments", "deployment/environments"])
            #expect(apply.exitCode == 0, "\(apply)")
        }
    }

    @Test func `an environment may have its own context, registry and channels`() async throws {
        try await Self.withCluster { sandbox, descry, kubeconfig in
            let other = try String(contentsOfFile: kubeconfig, encoding: .utf8)
            let context = try #require(
                other.split(separator: "\n").first { $0.hasPrefix("current-context: ") }?.split(separator: " ").last)
            let run = try await descry.run(
                [
                    "init", "--kubeconfig", kubeconfig, "--context", "LIVE=\(context)", "--registry",
                    "LIVE=registry.example.com", "--registry", Self.registry, "--versions", "LIVE=rc,release", "-o",
                    "json",
                ] + Self.both)
            #expect(run.exitCode == 0, "\(run)")
            let report: Report = try run.decoded()
            #expect(report.environments.map(\.registry) == [Self.registry, "registry.example.com"])
            #expect(report.environments.last?.apps.map(\.image) == ["shop/backend", "shop/web/frontend"])
            let plan = try await descry.run(["plan", "LIVE", "--environments", "deployment/environments"])
            #expect(plan.exitCode == 0, "\(plan)")
        }
    }
}
