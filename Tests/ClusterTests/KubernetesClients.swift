import Kubernetes
import Logging
import TestServers
import Workloads

extension ControlPlane {
    /// Runs the body with a client that holds this token, or with the administrator's where there is none.
    func withClient<Result>(
        token: String? = nil, _ body: (KubernetesClient) async throws -> Result
    ) async throws -> Result {
        let configuration =
            if let token {
                try ClusterConfiguration.explicit(
                    server: server, certificateAuthority: certificateAuthority, credential: .token(Secret(token)))
            } else { try ClusterConfiguration.kubeconfig(paths: [kubeconfig]) }
        return try await withClient(
            configuration: configuration, options: ClientOptions(version: "0.0.0-test"), body)
    }

    func withClient<Result>(
        configuration: ClusterConfiguration, options: ClientOptions,
        _ body: (KubernetesClient) async throws -> Result
    ) async throws -> Result {
        let client = KubernetesClient(
            configuration: configuration, options: options,
            logger: TestOutput.logger)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(client)) } catch { outcome = .failure(error) }
        try await client.close()
        return try outcome.get()
    }
}

/// The error that an operation throws, for looking at.
func kubernetesError<Result>(_ operation: () async throws -> Result) async throws -> KubernetesError? {
    do {
        _ = try await operation()
        return nil
    } catch let error as KubernetesError {
        return error
    }
}

extension WorkloadKey {
    static func statefulSet(_ name: String) -> WorkloadKey { WorkloadKey(kind: .statefulSet, name: name) }
}

extension Workload {
    /// The patch that gives this workload's first container another image, whatever its status has become meanwhile.
    func patch(image: String, annotations: [String: String] = [:]) -> WorkloadPatch {
        WorkloadPatch(
            key: key, uid: uid, resourceVersion: nil,
            images: [.init(container: containers.first?.name ?? "", image: ContainerImage(image))],
            annotations: annotations)
    }
}
