import Conformance
import FoundationEssentials
import TestServers
import Testing

/// The conformance suite on a real API server: what SandboxConformanceTests asks of the sandbox, asked of the original.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(20)))
struct ConformanceTests {
    @Test(arguments: Conformance.cases + Conformance.usingKubectl)
    func `the real API server`(_ behaviour: Conformance.Case) async throws {
        try await check(behaviour)
    }

    @Test(
        .enabled(if: ControlPlane.answeringPods.isToRun, "\(ControlPlane.answeringPods)"),
        arguments: Conformance.askingPods)
    func `the real API server, with pods that answer`(_ behaviour: Conformance.Case) async throws {
        try ControlPlane.answeringPods.demand()
        try await check(behaviour)
    }

    private func check(_ behaviour: Conformance.Case) async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace("conformance", alone: behaviour.isAlone) { namespace in
            // A controller puts this into each new namespace, and no case is to meet it in the middle.
            _ = try await plane.kubectl(
                ["--namespace=\(namespace.name)", "get", "configmaps", "--watch", "--output=name"],
                until: { $0 == "configmap/kube-root-ca.crt" })
            try await plane.withConformanceServer { server in
                try await behaviour.body(ConformanceNamespace(server: server, name: namespace.name))
            }
        }
    }
}

extension ControlPlane {
    fileprivate func withConformanceServer<Result>(
        _ body: (ConformanceServer) async throws -> Result
    ) async throws -> Result {
        try await ConformanceServer.withClients(
            of: server, certificateAuthority: String(contentsOfFile: certificateAuthority, encoding: .utf8),
            administrator: .certificate(adminCertificate, key: adminKey)
        ) { administrator, anonymous in
            try await body(
                ConformanceServer(
                    administrator: administrator, anonymous: anonymous, kubeconfig: kubeconfig,
                    podPort: ControlPlane.podPort,
                    token: { namespace, account, rules in
                        try await TestNamespace(controlPlane: self, name: namespace).account(account, rules: rules)
                            .token()
                    }, forgetHistory: compact))
        }
    }

    /// Has etcd forget what was before this revision, through its JSON gateway.
    @Sendable private func compact(_ resourceVersion: String) async throws {
        let command = try String(contentsOfFile: "\(stateDirectory)/log/kube-apiserver.command", encoding: .utf8)
        let etcd = try #require(command.firstMatch(of: /--etcd-servers=(\S+)/)?.1)
        let request = #"{"revision": "\#(resourceVersion)", "physical": true}"#
        try await Program.run(
            "curl", ["--silent", "--show-error", "--fail", "--data", request, "\(etcd)/v3/kv/compaction"])
    }
}
