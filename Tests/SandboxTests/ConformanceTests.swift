import Conformance
import FoundationEssentials
import Sandbox
import TestServers
import Testing

/// The conformance suite on the sandbox, each case with a sandbox of its own. ClusterTests asks the same of a real API
/// server; docs/sandbox.md lists what is known to differ.
@Suite(.timeLimit(.minutes(15))) struct SandboxConformanceTests {
    @Test(arguments: Conformance.cases + Conformance.askingPods) func `the sandbox`(_ behaviour: Conformance.Case)
        async throws
    {
        try await check(behaviour)
    }

    @Test(.enabled(if: Requirement.kubectl.isToRun, "\(Requirement.kubectl)"), arguments: Conformance.usingKubectl)
    func `the sandbox, with`(_ behaviour: Conformance.Case) async throws {
        try Requirement.kubectl.demand()
        try await check(behaviour)
    }

    private func check(_ behaviour: Conformance.Case) async throws {
        try await Sandbox.run { sandbox in
            try sandbox.createNamespace("conformance")
            let folder = try TemporaryFolder()
            let kubeconfig = try folder.write("kubeconfig", sandbox.kubeconfig(for: sandbox.administrator))
            try await ConformanceServer.withClients(
                of: sandbox.server, certificateAuthority: sandbox.certificateAuthority,
                administrator: .token(sandbox.administrator.token)
            ) { administrator, anonymous in
                let server = ConformanceServer(
                    administrator: administrator, anonymous: anonymous, kubeconfig: kubeconfig, podPort: 8080,
                    token: { namespace, account, rules in
                        sandbox.account(account, namespace: namespace, rules: rules.flatMap(\.accessRules)).token
                    }, forgetHistory: { _ in sandbox.faults.expireResourceVersions() })
                try await behaviour.body(ConformanceNamespace(server: server, name: "conformance"))
            }
        }
    }
}

extension PolicyRule {
    fileprivate var accessRules: [AccessRule] {
        apiGroups.map { AccessRule(verbs: verbs, group: $0, resources: resources, names: resourceNames) }
    }
}
