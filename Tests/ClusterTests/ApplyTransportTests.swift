import TestServers
import Testing

/// The same deployment over each way to the repository, with the credentials where a pipeline has them.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ApplyTransportTests {
    typealias Scene = DeploymentScene

    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func `over HTTPS with a private authority and a password`() async throws {
        let server = try await GitHTTPServer.shared.value
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let url = "\(server.secure)/basic/\(try server.serve(scene.repository))"
            try scene.environment(
                "DEV",
                replacing: [
                    "repository": "\"\(url)\"",
                    "git":
                        "{certificateAuthority: \"\(server.authority.certificate)\", username: \(GitHTTPServer.user)}",
                ])
            scene.descry.plant(GitHTTPServer.password)

            let denied = try await scene.apply()
            #expect(denied.exitCode == 65 || denied.exitCode == 77, "\(denied)")
            let wrong = try await scene.run(
                "apply", "DEV", ["-o", "json"], variables: ["DESCRY_GIT_PASSWORD": "wrong-8c1f"])
            #expect(wrong.exitCode == 77, "\(wrong)")
            #expect(try wrong.failure().error.code == "unauthorized")
            #expect(try await scene.writes().isEmpty)

            let run = try await scene.run(
                "apply", "DEV", ["-o", "json", "--verbose"],
                variables: ["DESCRY_GIT_PASSWORD": GitHTTPServer.password])
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            #expect(report.outcomes == ["backend": "proven"])
            #expect(report.repository == url)
        }
    }

    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func `a git server of another identity is exit 77`() async throws {
        let server = try await GitHTTPServer.shared.value
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let name = try server.serve(scene.repository)
            for (url, authority, code) in [
                ("\(server.secure)/git/\(name)", server.otherAuthority.certificate, "tls-untrusted"),
                ("\(server.otherName)/git/\(name)", server.authority.certificate, "tls-host-name"),
                ("\(server.expired)/git/\(name)", server.authority.certificate, "tls-untrusted"),
            ] {
                let run = try await scene.run(
                    "apply", "DEV", ["-o", "json", "--repository", url, "--git-certificate-authority", authority])
                #expect(run.exitCode == 77, "\(run)")
                #expect(try run.failure().error.code == code)
            }
            #expect(try await scene.namespace.requests(by: scene.account).isEmpty)
        }
    }

    @Test(.enabled(if: Requirement.sshServer.isToRun, "\(Requirement.sshServer)"))
    func `over ssh with a key and known hosts`() async throws {
        let server = try await SSHServer.shared.value
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let url = server.url(scene.repository)
            let access = ["--repository", url, "--git-ssh-key", server.ed25519]
            let stranger = try await scene.run(
                "apply", "DEV", ["-o", "json"] + access + ["--git-known-hosts", server.noHosts])
            #expect(stranger.exitCode == 77, "\(stranger)")
            #expect(try await scene.namespace.requests(by: scene.account).isEmpty)

            let run = try await scene.run(
                "apply", "DEV", ["-o", "json"] + access + ["--git-known-hosts", server.knownHosts])
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass().outcomes == ["backend": "proven"])
        }
    }
}
