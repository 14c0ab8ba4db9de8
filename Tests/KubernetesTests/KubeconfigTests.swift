import FoundationEssentials
import TestServers
import Testing

@testable import Kubernetes

@Suite struct KubeconfigTests {
    /// A kubeconfig of one cluster, one user and one context, all called `a`.
    static func file(cluster: String = "server: https://a.example", user: String = "token: t", namespace: String = "")
        -> String
    {
        """
        apiVersion: v1
        kind: Config
        current-context: a
        preferences: {}
        clusters:
        - {name: a, cluster: {\(cluster)}}
        users:
        - {name: a, user: {\(user)}}
        contexts:
        - {name: a, context: {cluster: a, user: a, namespace: "\(namespace)"}}
        """
    }

    /// What the files lead to.
    private func read(
        _ texts: String..., context: String? = nil
    ) async throws -> (configuration: ClusterConfiguration?, error: KubernetesError?) {
        try await TestFolder.with { folder in
            var paths: [String] = []
            for (index, text) in texts.enumerated() { paths.append(try folder.write("config\(index)", text)) }
            do throws(KubernetesError) {
                return (try ClusterConfiguration.kubeconfig(paths: paths, context: context), nil)
            } catch {
                return (nil, error)
            }
        }
    }

    @Test func aContextIsRead() async throws {
        let configuration = try #require(
            try await read(
                Self.file(
                    cluster: "server: 'https://a.example:6443', tls-server-name: kube, proxy-url: 'http://proxy:3128'",
                    user: "token: planted", namespace: "shop")
            ).configuration)
        #expect(configuration.server.description == "https://a.example:6443")
        #expect(configuration.trust == .system)
        #expect(configuration.serverName == "kube")
        #expect(configuration.proxy?.description == "http://proxy:3128")
        #expect(configuration.namespace == "shop")
        #expect(configuration.credential == .token(Secret("planted")))
        #expect(configuration.origin.contains("Context a of "))
        #expect(!String(reflecting: configuration).contains("planted"))
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("planted"))
    }

    @Test func jsonIsAKubeconfigToo() async throws {
        let configuration = try await read(
            """
            {"current-context": "a", "clusters": [{"name": "a", "cluster": {"server": "https://a"}}],
             "users": null, "contexts": [{"name": "a", "context": {"cluster": "a", "user": ""}}]}
            """
        ).configuration
        #expect(configuration?.credential == .anonymous)
    }

    /// As kubectl merges: the first file to name something wins, and of two entries in one file the first.
    @Test func filesAreMerged() async throws {
        let second = Self.file(cluster: "server: https://b.example", user: "token: second", namespace: "second")
            .replacing("name: a,", with: "name: b,").replacing("cluster: a, user: a", with: "cluster: a, user: b")
            .replacing("current-context: a", with: "current-context: b")
        let first = Self.file()
        #expect(try await read(first, second).configuration?.server.host == "a.example")
        let chosen = try #require(try await read(first, second, context: "b").configuration)
        #expect(chosen.server.host == "a.example", "context b of the second file names cluster a of the first")
        #expect(chosen.credential == .token(Secret("second")))
        #expect(chosen.namespace == "second")
    }

    @Test func aMissingFileAmongSeveralIsPassedOver() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("config", Self.file())
            let configuration = try ClusterConfiguration.kubeconfig(paths: [folder.path + "/none", path])
            #expect(configuration.server.host == "a.example")
            let error = #expect(throws: KubernetesError.self) {
                try ClusterConfiguration.kubeconfig(paths: [folder.path + "/none"])
            }
            #expect(error?.code == "no-kubeconfig")
        }
    }

    @Test func relativePathsCountFromTheirFile() async throws {
        try await TestFolder.with { folder in
            try folder.write("deep/token", "from-file\n")
            let path = try folder.write(
                "deep/config", Self.file(user: "tokenFile: token, token: older"))
            let configuration = try ClusterConfiguration.kubeconfig(paths: [path])
            #expect(configuration.credential == .tokenFile(folder.path + "/deep/token"))
        }
    }

    /// Each row is a file that must not lead to a weaker connection, or to a guess.
    @Test(arguments: [
        ("server: https://a, certificate-authority: /nonexistent/ca.crt", "token: t", "unreadable-file"),
        ("server: https://a, certificate-authority: ''", "token: t", "unreadable-file"),
        ("server: https://a, certificate-authority: /dev/null", "token: t", "empty-file"),
        ("server: https://a, certificate-authority-data: ''", "token: t", "invalid-ca"),
        ("server: https://a, certificate-authority-data: '%%'", "token: t", "incomplete-kubeconfig"),
        ("server: https://a, certificate-authority-data: cGxhbnRlZA==", "token: t", "invalid-ca"),
        (
            "server: https://a, certificate-authority-data: aGk=, insecure-skip-tls-verify: true", "token: t",
            "incomplete-kubeconfig"
        ),
        ("server: https://a, insecure-skip-tls-verify: maybe", "token: t", "invalid-kubeconfig"),
        ("certificate-authority-data: aGk=", "token: t", "incomplete-kubeconfig"),
        ("server: a", "token: t", "invalid-server"),
        ("server: https://a, proxy-url: 'https://p'", "token: t", "invalid-proxy"),
        ("server: http://a", "token: t", "plain-http"),
        ("server: https://a", "token: t, username: u, password: planted", "ambiguous-credential"),
        ("server: https://a", "client-certificate-data: cGxhbnRlZA==", "incomplete-kubeconfig"),
        (
            "server: https://a", "client-certificate-data: cGxhbnRlZA==, client-key-data: cGxhbnRlZA==",
            "invalid-client-certificate"
        ),
        ("server: https://a", "client-certificate: /nonexistent, client-key: /nonexistent", "unreadable-file"),
        ("server: https://a", "auth-provider: {name: gcp}", "unsupported-credential"),
        ("server: https://a", "as: admin, token: t", "unsupported-credential"),
        ("server: https://a", "exec: {command: c}", "unsupported-credential"),
        (
            "server: https://a", "exec: {command: c, apiVersion: client.authentication.k8s.io/v1alpha1}",
            "unsupported-credential"
        ),
        ("server: https://a", "exec: {apiVersion: client.authentication.k8s.io/v1}", "incomplete-kubeconfig"),
        (
            "server: https://a",
            "exec: {command: c, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
            "unsupported-credential"
        ),
        ("server: https://a", "token: 12345", "invalid-kubeconfig"),
        ("server: https://a", "token: [planted]", "invalid-kubeconfig"),
        ("server: https://a", "token: planted, token: planted2", "invalid-kubeconfig"),
    ])
    func isRefused(cluster: String, user: String, code: String) async throws {
        let error = try await read(Self.file(cluster: cluster, user: user)).error
        #expect(error?.code == code)
        #expect(error?.category == .refused)
        #expect(error?.description.contains("planted") == false)
        #expect(error?.description.contains("cGxhbnRlZA") == false)
    }

    @Test(arguments: [
        ("", "invalid-kubeconfig"), ("just text", "invalid-kubeconfig"), ("{}", "no-context"),
        ("current-context: b", "unknown-context"),
        ("{current-context: a, contexts: [{name: a, context: {cluster: b}}]}", "incomplete-kubeconfig"),
        (
            "{current-context: a, clusters: [{name: b, cluster: {server: 'https://b'}}], contexts: [{name: a, context: {cluster: b, user: c}}]}",
            "incomplete-kubeconfig"
        ),
    ])
    func anIncompleteFileIsRefused(text: String, code: String) async throws {
        #expect(try await read(text.isEmpty ? "# nothing" : text).error?.code == code)
    }

    @Test func anExecEntryIsRead() async throws {
        let user = """
            exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/login, args: [get, "--x"], env: [{name: KEY, value: planted}], \
            provideClusterInfo: true, installHint: install it, interactiveMode: IfAvailable}
            """
        let configuration = try await read(Self.file(user: user)).configuration
        guard case .exec(let plugin)? = configuration?.credential else {
            Issue.record("no exec credential")
            return
        }
        #expect(plugin.command.hasSuffix("/./bin/login") && plugin.command.hasPrefix("/"))
        #expect(plugin.arguments == ["get", "--x"])
        #expect(plugin.environment == ["KEY": Secret("planted")])
        #expect(plugin.providesClusterInfo)
        #expect(plugin.installHint == "install it")
    }

    /// kubectl writes these for what is not set.
    @Test func nullsAndEmptyTextsAreAbsent() async throws {
        let user = """
            token: '', username: null, client-key-data: null, exec: {apiVersion: client.authentication.k8s.io/v1, command: c, args: null, \
            env: null, installHint: '', provideClusterInfo: false, interactiveMode: Never}
            """
        let configuration = try await read(Self.file(user: user)).configuration
        #expect(
            configuration?.credential
                == .exec(ExecPlugin(apiVersion: "client.authentication.k8s.io/v1", command: "c")))
    }

    @Test(arguments: [
        (["KUBECONFIG": "/a:/b::"], ["/a", "/b"]), (["KUBECONFIG": "", "HOME": "/root"], ["/root/.kube/config"]),
        ([:], []),
    ])
    func kubeconfigPathsAreKubectls(environment: [String: String], paths: [String]) {
        #expect(ClusterConfiguration.kubeconfigPaths(environment: environment) == paths)
    }
}
