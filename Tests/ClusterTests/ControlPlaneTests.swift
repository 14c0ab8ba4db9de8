import TestServers
import Testing

/// What the other suites rely on: that the control plane does what a cluster does, and that the audit log tells of it.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ControlPlaneTests {
    @Test func `a workload of each kind rolls out`() async throws {
        try await ControlPlane.shared().withNamespace { namespace in
            for kind in ["StatefulSet", "Deployment", "DaemonSet"] {
                let name = "a-\(kind.lowercased())"
                try await namespace.apply(
                    TestNamespace.manifest(kind: kind, name: name, image: "example.org/shop/a:1.0.0-rc-0000001"))
                try await namespace.rolledOut("\(kind.lowercased())/\(name)")
            }
        }
    }

    @Test func `an account may do what its rules say, in its namespace only`() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            let account = try await namespace.account(rules: PolicyRule.deployer)
            for token in [
                try await account.token(), try await account.secretToken(),
                try await account.signedToken(validForSeconds: 60),
            ] {
                let kubeconfig = try account.kubeconfig(token)
                try await Self.kubectl(kubeconfig, ["get", "statefulsets"])
                await #expect(throws: (any Error).self) { try await Self.kubectl(kubeconfig, ["get", "deployments"]) }
                await #expect(throws: (any Error).self) {
                    try await Self.kubectl(kubeconfig, ["get", "statefulsets", "--namespace=default"])
                }
            }
            let expired = try account.kubeconfig(try await account.signedToken(validForSeconds: -60))
            await #expect(throws: (any Error).self) { try await Self.kubectl(expired, ["get", "statefulsets"]) }
        }
    }

    @Test func `the audit log tells an account's writes, and nothing where it only read`() async throws {
        try await ControlPlane.shared().withNamespace { namespace in
            try await namespace.apply(TestNamespace.manifest(name: "a", image: "a:1", replicas: 0))
            let account = try await namespace.account(rules: PolicyRule.deployer)
            let kubeconfig = try account.kubeconfig(try await account.token())
            try await Self.kubectl(kubeconfig, ["get", "statefulset", "a"])
            #expect(try await namespace.writes(by: account).isEmpty)
            #expect(try await namespace.requests(by: account).map(\.verb) == ["get"])
            let patch = #"--patch={"metadata":{"annotations":{"a":"b"}}}"#
            try await Self.kubectl(kubeconfig, ["patch", "statefulset", "a", patch, "--dry-run=server"])
            #expect(try await namespace.writes(by: account).isEmpty)
            try await Self.kubectl(kubeconfig, ["patch", "statefulset", "a", patch])
            let writes = try await namespace.writes(by: account)
            #expect(writes.map(\.verb) == ["patch"])
            #expect(writes.first?.objectRef?.name == "a")
            #expect(writes.first?.responseStatus?.code == 200)
        }
    }

    /// The statuses that rollouts are judged by: each must be what a kubelet would write, so each is named here.
    @Test(arguments: [
        (Fate.pullFails, "ImagePullBackOff"), (.configIsMissing, "CreateContainerConfigError"),
        (.entryPointIsMissing, "CrashLoopBackOff"), (.outOfMemory, "CrashLoopBackOff"), (.crashes, "CrashLoopBackOff"),
        (.crashesLater, "CrashLoopBackOff"),
    ])
    func `a version's fate comes upon its pod`(fate: Fate, reason: String) async throws {
        try await ControlPlane.shared().withNamespace { namespace in
            try await namespace.apply(
                TestNamespace.manifest(name: "a", image: "example.org/shop/a:\(fate.version())"))
            let waiting = "{.status.containerStatuses[0].state.waiting.reason}"
            let watch = [
                "get", "pods", "--watch", "--output=jsonpath=\(waiting){\"\\n\"}", "--namespace=\(namespace.name)",
            ]
            let reasons = try await namespace.controlPlane.kubectl(watch, until: { $0 == reason })
            #expect(reasons.last == reason)
        }
    }

    private static func kubectl(_ kubeconfig: String, _ arguments: [String]) async throws {
        // The last --kubeconfig wins, so the account's replaces the administrator's.
        try await ControlPlane.shared().kubectl(["--kubeconfig=\(kubeconfig)"] + arguments)
    }
}
