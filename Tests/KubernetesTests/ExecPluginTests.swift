import FoundationEssentials
import TestServers
import Testing

@testable import Kubernetes

/// Credential plugins as real programs.
@Suite struct ExecPluginTests {
    private static let version = "client.authentication.k8s.io/v1"

    /// Runs a script as the plugin.
    private func run(
        _ script: String, apiVersion: String = version, arguments: [String] = [],
        environment: [String: Secret] = [:], providesClusterInfo: Bool = false, trust: ServerTrust = .system,
        folder: TestFolder
    ) async throws -> ExecOutcome {
        let command = try folder.write("plugin", "#!/bin/sh\n" + script, isExecutable: true)
        let configuration = try ClusterConfiguration(
            server: ServerAddress("https://a.example"), trust: trust, serverName: "kube", origin: "The test")
        let plugin = ExecPlugin(
            apiVersion: apiVersion, command: command, arguments: arguments, environment: environment,
            providesClusterInfo: providesClusterInfo)
        return try await ExecRunner(configuration: configuration, date: { Date() }).run(plugin)
    }

    private static func credential(_ status: String, version: String = version, kind: String = "ExecCredential")
        -> String
    {
        #"echo '{"apiVersion":"\#(version)","kind":"\#(kind)","status":{\#(status)}}'"#
    }

    @Test(arguments: ExecCredential.versions)
    func aTokenIsTaken(version: String) async throws {
        try await TestFolder.with { folder in
            let outcome = try await run(
                Self.credential(#""token":"abc","expirationTimestamp":"2030-01-02T03:04:05Z""#, version: version),
                apiVersion: version, folder: folder)
            #expect(outcome.credential.authorization == Secret("Bearer abc"))
            #expect(outcome.expires == Date(timeIntervalSince1970: 1_893_553_445))
        }
    }

    /// The forms of RFC 3339 that plugins print.
    @Test(arguments: ["2030-01-02T03:04:05Z", "2030-01-02T03:04:05.678901Z", "2030-01-02T05:04:05+02:00"])
    func theEndOfATokenIsRead(text: String) throws {
        let plugin = ExecPlugin(apiVersion: Self.version, command: "c")
        let outcome = try ExecCredential.read(
            #"{"apiVersion":"\#(Self.version)","kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"\#(text)"}}"#,
            plugin: plugin)
        #expect(outcome.expires == Date(timeIntervalSince1970: 1_893_553_445))
    }

    @Test func aClientCertificateIsTaken() async throws {
        try await TestFolder.with { folder in
            let certificates = TestCertificates(folder: folder)
            try await certificates.authority("ca")
            try await certificates.certificate("client", from: "ca", usage: "clientAuth")
            let escape = { (text: String) in text.replacing("\n", with: #"\n"#) }
            try folder.write(
                "answer",
                #"{"apiVersion":"\#(Self.version)","kind":"ExecCredential","status":{"clientCertificateData":"\#(escape(try folder.read("client.crt")))","clientKeyData":"\#(escape(try folder.read("client.key")))"}}"#
            )
            let outcome = try await run("cat '\(folder.path)/answer'", folder: folder)
            #expect(outcome.credential.identity != nil)
            #expect(outcome.credential.authorization == nil)
        }
    }

    /// Arguments and environment reach the plugin; standard input is empty, so that nothing waits for a person.
    @Test func thePluginIsToldWhatItNeeds() async throws {
        try await TestFolder.with { folder in
            let script = """
                cat > '\(folder.path)/stdin'
                printf '%s' "$KUBERNETES_EXEC_INFO" > '\(folder.path)/info'
                printf '%s' "$1-$KEY-${HOME:+home}" > '\(folder.path)/args'
                \(Self.credential(#""token":"abc""#))
                """
            let certificates = TestCertificates(folder: folder)
            try await certificates.authority("ca")
            let authorities = try CertificateAuthorities(file: certificates.file("ca", "crt"))
            _ = try await run(
                script, arguments: ["one"], environment: ["KEY": Secret("value")], providesClusterInfo: true,
                trust: .authorities(authorities), folder: folder)
            #expect(try folder.read("stdin").isEmpty)
            #expect(try folder.read("args") == "one-value-home")
            let authority = Data(try folder.read("ca.crt").utf8).base64EncodedString()
            #expect(
                try folder.read("info")
                    == #"{"apiVersion":"\#(Self.version)","kind":"ExecCredential","spec":{"cluster":{"certificate-authority-data":"\#(authority)","server":"https://a.example:443","tls-server-name":"kube"},"interactive":false}}"#
            )
            _ = try await run(script, folder: folder)
            #expect(
                try folder.read("info")
                    == #"{"apiVersion":"\#(Self.version)","kind":"ExecCredential","spec":{"interactive":false}}"#)
        }
    }

    /// What plugins do wrong. The output may hold the token, so none of it is in the error.
    @Test(arguments: [
        ("echo planted-output; echo 'session expired, run login' >&2; exit 3", "exec-failed", "session expired"),
        ("echo planted-output", "exec-failed", "no ExecCredential"),
        (
            credential(#""token":"planted-output""#, version: "client.authentication.k8s.io/v1beta1"), "exec-failed",
            "v1"
        ),
        (credential(#""token":"planted-output""#, kind: "Pod"), "exec-failed", "ExecCredential"),
        (credential(#""token":"""#), "exec-failed", "neither"),
        (credential(#""token":"planted output""#), "invalid-token", "bearer"),
        (credential(#""clientCertificateData":"planted-output""#), "exec-failed", "only one"),
        (
            credential(#""clientCertificateData":"planted-output","clientKeyData":"planted-output""#),
            "invalid-client-certificate", "PEM"
        ),
        (credential(#""token":"planted-output","expirationTimestamp":"soon""#), "exec-failed", "expirationTimestamp"),
        ("echo \"key $KEY\" >&2; exit 1", "exec-failed", "[redacted]"),
        ("yes planted-output", "exec-failed", "printed more than"),
    ])
    func aPluginsFaultIsTold(script: String, code: String, words: String) async throws {
        try await TestFolder.with { folder in
            let error = try await kubernetesError {
                try await run(script, environment: ["KEY": Secret("planted-in-environment")], folder: folder)
            }
            #expect(error?.code == code)
            #expect(error?.description.contains(words) == true)
            #expect(error?.description.contains("planted") == false)
        }
    }

    @Test(arguments: ["descry-no-such-plugin", "/nonexistent/plugin"])
    func aMissingPluginTellsHowToGetIt(command: String) async throws {
        let configuration = try ClusterConfiguration(server: ServerAddress("https://a"), origin: "The test")
        let error = try await kubernetesError {
            try await ExecRunner(configuration: configuration, date: { Date() }).run(
                ExecPlugin(apiVersion: Self.version, command: command, installHint: "Get it from example.com."))
        }
        #expect(error?.code == "exec-not-found")
        #expect(error?.hint == "Get it from example.com.")
    }

    /// The whole way: a 401 makes the plugin run once more, and its new token is used.
    @Test func aRefusedTokenRunsThePluginAgain() async throws {
        try await TestFolder.with { folder in
            let script =
                "#!/bin/sh\necho x >> '\(folder.path)/runs'\n"
                + #"echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t$(wc -l < '"#
                + folder.path + #"/runs' | tr -d ' ')\"}}""#
            let command = try folder.write("plugin", script, isExecutable: true)
            try await KubernetesClient.with(
                credential: .exec(ExecPlugin(apiVersion: Self.version, command: command)),
                answer: { _, request in
                    request.header("Authorization") == "Bearer t2"
                        ? [.answer(200, RequestFaultTests.version)]
                        : [.answer(401, RequestFaultTests.status(401, "Unauthorized"))]
                }
            ) { client, server in
                _ = try await client.serverVersion()
                #expect(server.requests.map { $0.header("Authorization") } == ["Bearer t1", "Bearer t2"])
            }
        }
    }
}
