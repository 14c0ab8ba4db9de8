import Kubernetes
import TestServers
import Testing
import Workloads

@testable import Reconciling

/// What Descry tells on a workload, as a user then reads it with `kubectl describe`.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct EventTests {
    private static let backend = WorkloadKey(kind: .statefulSet, name: "backend")

    /// Runs the body with a recorder of an account that has these rights, in a namespace with a StatefulSet.
    private func record(
        rules: [PolicyRule], _ body: @Sendable (EventRecorder, TestNamespace, _ uid: String) async throws -> Void
    ) async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace("events") { namespace in
            try await namespace.apply(TestNamespace.manifest(name: "backend", image: "shop/backend:1", replicas: 0))
            let uid = try await namespace.kubectl(["get", "statefulset/backend", "--output=jsonpath={.metadata.uid}"])
            let settings = """
                environment: DEV
                repository: https://git.example.com/shop.git
                namespace: \(namespace.name)
                registry: registry.example.com/shop
                """
            let environment = try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV")
            let token = try await namespace.account(rules: rules).token()
            try await plane.withClient(token: token) { cluster in
                // A busy machine must not make it lose any.
                let recorder = EventRecorder(
                    cluster: cluster, environment: environment, requestTimeout: .seconds(60))
                try await body(recorder, namespace, uid)
            }
        }
    }

    @Test func `kubectl describe lists each kind with its severity`() async throws {
        try await record(rules: PolicyRule.deployer) { recorder, namespace, uid in
            for kind in WorkloadEvent.Kind.allCases {
                recorder.record(WorkloadEvent(kind, Self.backend, uid: uid, "said by \(kind.rawValue)"))
            }
            // One of an object that has been made anew since is not among them.
            recorder.record(WorkloadEvent(.rolloutFailed, Self.backend, uid: "another", "said of another"))
            #expect(await recorder.flush(within: .seconds(60)) == nil)
            let text = try await namespace.kubectl(["describe", "statefulset/backend"])
            let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            for kind in WorkloadEvent.Kind.allCases {
                let line = try #require(lines.first { $0.count > 2 && $0[1] == kind.rawValue }, "\(text)")
                #expect(line[0] == kind.severity.rawValue && line[3] == "descry", "\(text)")
                #expect(line[4...].joined(separator: " ") == "said by \(kind.rawValue)", "\(text)")
            }
            #expect(!text.contains("said of another"))
        }
    }

    @Test func `what the recorder may not post it says once, with the missing rule`() async throws {
        try await record(rules: PolicyRule.smallest) { recorder, namespace, uid in
            for _ in 0..<20 { recorder.record(WorkloadEvent(.rolloutProven, Self.backend, uid: uid, "well")) }
            let note = try #require(await recorder.flush(within: .seconds(60)))
            #expect(note.contains("cannot create resource \"events\"") && note.contains("descry rbac DEV"), "\(note)")
            recorder.record(WorkloadEvent(.rolloutProven, Self.backend, uid: uid, "well"))
            #expect(await recorder.flush(within: .seconds(60)) == nil)
            let posted = try await namespace.kubectl(
                ["get", "events", "--field-selector=source=descry", "--output=name"])
            #expect(posted.isEmpty)
        }
    }
}
