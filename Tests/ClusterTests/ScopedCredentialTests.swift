import TestServers
import Testing

/// Credentials and identities that do not hold, and API servers that do not answer: nothing is ever written.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ScopedCredentialTests {
    typealias Scene = DeploymentScene

    @Test func `a token that is over is exit 77`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let expired = try await scene.account.signedToken(validForSeconds: -60)
            let revoked = try await scene.account.token()
            for (name, token) in [("expired", expired), ("revoked", revoked), ("nonsense", "not-a-token-at-all")] {
                scene.descry.plant(token)
                if name == "revoked" {
                    // Its first use here, so no cache of the API server knows it.
                    try await scene.namespace.kubectl(["delete", "serviceaccount", scene.account.name])
                }
                let run = try await scene.run(
                    "apply", "DEV", ["-o", "json", "--token-file", try scene.account.tokenFile(token)])
                #expect(run.exitCode == 77, "\(name): \(run)")
                let error = try run.failure().error
                #expect(error.code == "unauthorized", "\(name): \(error)")
                #expect(error.hint?.contains("expired or revoked") == true, "\(name): \(error)")
                // The same by a variable.
                let again = try await scene.run("plan", "DEV", ["-o", "json"], variables: ["DESCRY_TOKEN": token])
                #expect(again.exitCode == 77, "\(name): \(again)")
            }
            #expect(try await scene.writes().isEmpty)
        }
    }

    @Test func `an API server of another identity is exit 77`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let other = try await PrivateAuthority(folder: scene.folder.folder("authority"))
            // Another authority's certificate: never "no verification".
            let strange = try await scene.run(
                "apply", "DEV", ["-o", "json", "--certificate-authority", other.certificate])
            #expect(strange.exitCode == 77, "\(strange)")
            #expect(try strange.failure().error.code == "tls-unknown-authority")
            let absent = try await scene.run(
                "apply", "DEV", ["-o", "json", "--certificate-authority", "/not/there.pem"])
            #expect(absent.exitCode == 65, "\(absent)")
            #expect(try await scene.writes().isEmpty)
        }
    }

    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func `an API server of another name is exit 77`() async throws {
        // Its authority is trusted, and its certificate names neither this host nor this address.
        let server = try await GitHTTPServer.shared.value
        try await Scene.run([Scene.workload("backend", replicas: 0)]) { scene in
            try await scene.commit(("backend", Scene.second))
            let run = try await scene.run(
                "apply", "DEV",
                [
                    "-o", "json", "--server", server.otherName, "--certificate-authority",
                    server.authority.certificate,
                ])
            #expect(run.exitCode == 77, "\(run)")
            #expect(try run.failure().error.code == "tls-wrong-host")
        }
    }

    @Test func `an API server that is not there is exit 69`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let server = "https://127.0.0.1:\(try BackgroundServer.freePort())"
            let run = try await scene.run("apply", "DEV", ["-o", "json", "--server", server])
            #expect(run.exitCode == 69, "\(run)")
            let error = try run.failure().error
            #expect(error.code == "unreachable")
            #expect(error.message.contains(server))
        }
    }

    /// What the branch says can be read, and nothing else is asked.
    @Test func `an API server that accepts and never answers is given up`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 0)]) { scene in
            try await scene.commit(("backend", Scene.second))
            let silent = try FakeServer([.hang])
            let run = try await scene.run(
                "apply", "DEV", ["-o", "json", "--server", "https://127.0.0.1:\(silent.port)"])
            #expect(run.exitCode == 69, "\(run)")
            #expect(try run.failure().error.code == "timed-out")
        }
    }
}
