import Documents
import Git
import Reporting
import TestServers
import Testing

@testable import Reconciling

/// Who sees a secret: the forge that it is for, over a connection that is trusted, and nobody else.
@Suite struct ForgeSecrecyTests {
    /// The authority is that of the git server, and an unreadable or another one never means less verification.
    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func anUntrustedServerGetsNoToken() async throws {
        let server = try await GitHTTPServer.shared.value
        let scene = try ForgeScene { _, _ in .init(500) }
        let other = try await PrivateAuthority(folder: scene.folder.path, name: "other").certificate
        let rows = [
            ("", "forge-tls"), ("git: {certificateAuthority: \(other)}", "forge-tls"),
            ("git: {certificateAuthority: missing.pem}", "forge-certificate-authority"),
            ("git: {certificateAuthority: token-x}", "forge-certificate-authority"),
            // And this is what it looks like where the server is asked.
            ("git: {certificateAuthority: \(server.authority.certificate)}", "forge-unauthorized"),
        ]
        try scene.folder.write("token-x", "\(PlantedSecret.marker)-token")
        for (line, code) in rows {
            let text = """
                environment: LIVE
                repository: https://git.example.com/shop/deployments.git
                namespace: shop-live
                registry: nexus.example.com/shop
                forge: {provider: gitea, tokenFile: token-x, url: "\(server.secure)/status/401"}
                \(line)

                """
            let environment = try EnvironmentSettings.parse(Array(text.utf8), file: scene.folder.path + "/LIVE.yaml")
                .resolve(name: "LIVE")
            let log = LogRecorder()
            let reporter = ForgeReporter(version: "1", metrics: nil, logger: log.logger, time: SteppedTime().time)
            await reporter.passEnded(environment, .of(.proven, environment))
            await log.lines(1, holding: "could not be set")
            await reporter.close(within: .seconds(10))
            #expect(log.text.contains("\"code\": \(code)") || log.text.contains(code), "\(line): \(log.text)")
            #expect(!log.text.contains(PlantedSecret.marker))
        }
    }

    /// Plants secrets wherever a user might put one by mistake and a server might repeat one, and looks for them in everything
    /// that is logged, reported, counted and refused.
    @Test func noSecretComesOutAgain() async throws {
        let secret = "pl4nted-\(UInt64.random(in: .min ... .max))"
        let scene = try ForgeScene { request, before in
            let token = request.headers["authorization"] ?? request.headers["private-token"] ?? ""
            let words = #"{"message":"you sent \#(token)","error":"\#(token)"}"#
            let statuses = [200, 400, 401, 403, 404, 307, 422, 429, 500]
            return .init(
                statuses[before % statuses.count], words,
                headers: ["Location": "http://127.0.0.1:1/\(secret)", "X-Echo": token])
        }
        var said = ""
        for (provider, path) in [("github", "/api/v3"), ("gitlab", "/api/v4"), ("gitea", "/api/v1"), ("bitbucket", "")]
        {
            let environment = try scene.environment(provider, provider, path: path, token: secret)
            said += "\(environment)\n\(String(reflecting: environment))\n"
            let metrics = Metrics(version: "1.2.3")
            for turn in 0..<6 {
                let reporter = scene.reporter(metrics: metrics)
                let before = scene.log.count(of: "commit status")
                await reporter.passEnded(environment, .of(.proven, environment, commit: "\(turn)"))
                await scene.log.lines(before + 1, holding: "commit status")
                await reporter.close(within: .seconds(10))
            }
            said += metrics.render()
        }
        let mistakes = [
            "forge: {provider: github, tokenFile: \"ghp_\(secret)\"}", "forge: {provider: github, token: \(secret)}",
            "forge: {provider: github, webhookSecret: \(secret)}", "git: {password: \(secret)}",
            "forge: {provider: gitea, url: \"https://ada:\(secret)@git.example.com\"}",
            "forge: {provider: gitea, targetURL: \"https://\(secret)@git.example.com\"}",
        ]
        for (number, line) in mistakes.enumerated() {
            try scene.folder.write("m\(number).yaml", FolderReadingTests.file("m\(number)", more: line))
        }
        try scene.folder.write("short", String(secret.prefix(12)))
        do throws(SecretFile.Unusable) {
            _ = try SecretFile(path: scene.folder.path + "/short", atLeast: 16).read()
        } catch {
            said += "\(error)"
        }
        var active = ActiveConfiguration()
        let changes = active.take(EnvironmentFolder(path: scene.folder.path).read())
        #expect(changes.refused.count == mistakes.count)
        changes.log(to: scene.log.logger)
        said += active.reasons.joined() + changes.refused.flatMap(\.diagnostics).map(\.description).joined()
        #expect(scene.server.requests.contains { $0.headers.values.contains { $0.contains(secret) } })
        #expect(scene.log.text.contains("you sent"), "the forge repeats the token, so the test can fail")
        for text in [said, scene.log.text] {
            #expect(!text.contains(secret) && !text.contains(secret.prefix(12)))
        }
    }
}
