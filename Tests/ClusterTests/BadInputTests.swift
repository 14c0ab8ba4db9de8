import TestServers
import Testing

/// Descriptors and repositories that are wrong: each has its exit code and one clear error, and nothing is written.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct BadInputTests {
    typealias Scene = DeploymentScene

    /// A descriptor that no parser may take, its exit code, and its error's code.
    struct BadDescriptor: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var code: String

        init(_ name: String, _ bytes: [UInt8], _ code: String) {
            (self.name, self.bytes, self.code) = (name, bytes, code)
        }

        init(_ name: String, _ text: String, _ code: String) { self.init(name, Array(text.utf8), code) }

        var testDescription: String { name }
    }

    private static let good = "  - name: backend\n    version: \(Scene.second)\n"

    static let descriptors = [
        // Files that are no YAML at all.
        BadDescriptor("empty", "", "empty-file"),
        BadDescriptor("binary", [0x7F, 0x45, 0x4C, 0x46, 0, 1, 2, 0], "binary-file"),
        BadDescriptor("invalid UTF-8", Array("apps:\n\(good)# ".utf8) + [0xC3, 0x28, 0x0A], "not-utf-8"),
        BadDescriptor("tabs", "apps:\n\t- name: backend\n\t  version: \(Scene.second)\n", "tab-indentation"),
        // What would cost a careless parser its memory or its stack.
        BadDescriptor(
            "8 MiB and more", "apps:\n\(good)#" + String(repeating: "x", count: 8 << 20) + "\n", "file-too-large"),
        BadDescriptor(
            "alias bomb",
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + zip("bcdefghi", "abcdefgh").map { name, last in
                    "\(name): &\(name) [*\(last),*\(last),*\(last),*\(last),*\(last),*\(last),*\(last),*\(last)]\n"
                }.joined() + "apps: *i\n", "yaml-anchor"),
        BadDescriptor(
            "3,000 levels", String(repeating: "[", count: 3000) + String(repeating: "]", count: 3000), "too-deep"),
        // Good YAML that says something else than was meant.
        BadDescriptor("duplicate keys", "apps:\n\(good)apps:\n\(good)", "duplicate-key"),
        BadDescriptor("duplicate apps", "apps:\n\(good)\(good)", "duplicate-name"),
        BadDescriptor("unknown field", "apps:\n\(good)    replicas: 3\n", "unknown-field"),
        BadDescriptor("no such version", "apps:\n  - name: backend\n    version: latest\n", "version-numbers"),
    ]

    @Test func `a bad descriptor is refused as a whole`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            for descriptor in Self.descriptors {
                try await scene.repository.commit(to: "DEV", ["deploy-descriptor.yaml": .bytes(descriptor.bytes)])
                let run = try await scene.apply()
                #expect(run.exitCode == 65, "\(descriptor.name): \(run.errors.prefix(2000))")
                let failure = try run.failure()
                let codes = [failure.error.code] + (failure.diagnostics ?? []).map(\.code)
                #expect(codes.contains(descriptor.code), "\(descriptor.name): \(failure)")
                #expect(failure.exitCode == 65)
                #expect(run.errors.contains("error[\(descriptor.code)]"), "\(descriptor.name)")
                // Never the whole file.
                #expect(run.errors.utf8.count < 20_000, "\(descriptor.name)")
            }
            #expect(try await scene.namespace.requests(by: scene.account).isEmpty)
        }
    }

    /// What editors on other systems write is no mistake.
    @Test(arguments: [
        ("CRLF", "apps:\r\n  - name: backend\r\n    version: \(Scene.second)\r\n"),
        ("BOM", "\u{FEFF}apps:\n  - name: backend\n    version: \(Scene.second)\n"),
        ("JSON", #"{"apps": [{"name": "backend", "version": "\#(Scene.second)"}]}"#),
    ])
    func `a descriptor as other editors write it is taken`(_ name: String, text: String) async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(text)
            let run = try await scene.apply()
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass().outcomes == ["backend": "proven"])
        }
    }

    @Test func `one typo among 500 apps refuses them all`() async throws {
        let names = (0..<500).map { "app-\($0)" }
        try await Scene.run([Scene.workload("app-0")]) { scene in
            var apps = names.map { "  - {name: \($0), version: \(Scene.second)}\n" }
            apps[250] = "  - {name: app-250, verison: \(Scene.second)}\n"
            try await scene.commit("apps:\n" + apps.joined())
            let mistyped = try await scene.apply()
            #expect(mistyped.exitCode == 65, "\(mistyped)")
            let diagnostics = try #require(try mistyped.failure().diagnostics)
            #expect(Set(diagnostics.map(\.line)) == [252])
            #expect(mistyped.errors.contains("Did you mean \"version\"?"), "\(mistyped)")
            #expect(try await scene.namespace.requests(by: scene.account).isEmpty)
        }
    }

    @Test func `one app among 500 without a workload leaves all as they are`() async throws {
        let names = (0..<500).map { "app-\($0)" }
        // No pods: only what the API server stores matters.
        try await Scene.run(names.map { Scene.workload($0, replicas: 0) }, isReady: false) { scene in
            var apps = names
            apps[250] = "ap-250"
            try await scene.commit("apps:\n" + apps.map { "  - {name: \($0), version: \(Scene.second)}\n" }.joined())
            let run = try await scene.apply()
            #expect(run.exitCode == 78, "\(run.errors.suffix(2000))")
            let report = try run.pass()
            #expect(report.outcome == "refused")
            let refused = report.apps.filter { $0.outcome == "refused" }
            #expect(refused.map(\.app) == ["ap-250"])
            #expect(refused.first?.failure?.code == "missing-workload")
            #expect(refused.first?.failure?.hint?.contains("app-250") == true, "\(refused)")
            #expect(try await scene.writes().isEmpty)
        }
    }

    /// What the cluster or the environment does not have, by the app's settings in the descriptor.
    @Test(
        arguments: [
            ("no such container", "backend", "\(Scene.second), container: backnd", 78, "missing-container"),
            ("no such workload of that kind", "backend", "\(Scene.second), kind: Deployment", 77, "forbidden"),
            ("no such workload", "backnd", Scene.second, 78, "missing-workload"),
        ] as [(String, String, String, Int32, String)])
    func `what does not exist is never made`(
        _ name: String, app: String, settings: String, exitCode: Int32, code: String
    ) async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            let run = try await scene.deploy((app, settings))
            #expect(run.exitCode == exitCode, "\(run)")
            if exitCode == 78 {
                let failure = try #require(try run.pass()[app]?.failure)
                #expect(failure.code == code)
                #expect(failure.hint?.contains("backend") == true, "\(failure)")
            } else {
                #expect(try run.failure().error.code == code)
            }
            #expect(try await scene.writes().isEmpty)
            #expect(try await scene.namespace.kubectl(["get", "deployments", "--output=name"]) == "")
        }
    }

    @Test func `LIVE takes no release candidate`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try scene.environment("LIVE", replacing: ["versions": "[release]"])
            try await scene.commit("apps:\n\(Self.good)", to: "LIVE")
            let refused = try await scene.run("apply", "LIVE", ["-o", "json"])
            #expect(refused.exitCode == 65, "\(refused)")
            #expect(try refused.pass()["backend"]?.failure?.code == "channel-not-allowed")
            #expect(try await scene.writes().isEmpty)

            let release = Fate.runs.version("1.1.0", channel: "release")
            try await scene.commit("apps:\n  - {name: backend, version: \(release)}\n", to: "LIVE")
            let taken = try await scene.run("apply", "LIVE", ["-o", "json"])
            #expect(taken.exitCode == 0, "\(taken)")
            #expect(
                try await scene.field("statefulset/backend", ".metadata.annotations.descry\\.dev/environment") == "LIVE"
            )
        }
    }

    @Test func `a namespace that is not there has no workloads`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            // The account may not look there either, as is usual; the administrator may.
            let denied = try await scene.run("apply", "DEV", ["-o", "json", "--namespace", "not-there"])
            #expect(denied.exitCode == 77, "\(denied)")
            #expect(try denied.failure().error.message.contains("not-there"))
            let missing = try await scene.run(
                "apply", "DEV", ["-o", "json", "--namespace", "not-there", "--kubeconfig", scene.plane.kubeconfig])
            #expect(missing.exitCode == 78, "\(missing)")
            #expect(try missing.pass()["backend"]?.failure?.code == "missing-workload")
        }
    }
}
