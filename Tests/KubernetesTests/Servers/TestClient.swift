import FoundationEssentials
import Logging
import Synchronization
import TestServers

@testable import Kubernetes

/// Pauses that a client asked for; none of them is waited for.
final class Pauses: Sendable {
    private let pauses = Mutex<[Duration]>([])

    var all: [Duration] { pauses.withLock { $0 } }

    func append(_ pause: Duration) { pauses.withLock { $0.append(pause) } }
}

extension KubernetesClient {
    /// Runs the body with a client whose pauses take no time and whose chance is always one half.
    static func with<Result>(
        _ configuration: ClusterConfiguration, pauses: Pauses = Pauses(), date: Date = Date(),
        change: (inout ClientOptions) -> Void = { _ in }, _ body: (KubernetesClient) async throws -> Result
    ) async throws -> Result {
        var options = ClientOptions(version: "0.0.0-test")
        options.time.sleep = { pause in
            try Task.checkCancellation()
            pauses.append(pause)
        }
        options.time.random = { 0.5 }
        options.time.date = { date }
        change(&options)
        let client = KubernetesClient(
            configuration: configuration, options: options,
            logger: TestOutput.logger)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(client)) } catch { outcome = .failure(error) }
        try await client.close()
        return try outcome.get()
    }

    /// The same with a server that answers as said, over plain HTTP on loopback.
    static func with<Result>(
        credential: CredentialSource = .anonymous, pauses: Pauses = Pauses(),
        change: (inout ClientOptions) -> Void = { _ in },
        answer: @escaping @Sendable (Int, FaultServer.Request) -> [FaultServer.Action],
        _ body: (KubernetesClient, FaultServer) async throws -> Result
    ) async throws -> Result {
        let server = try await FaultServer.start(answer)
        let configuration = try ClusterConfiguration(
            server: ServerAddress("http://127.0.0.1:\(server.port)"), credential: credential, origin: "The test")
        let result = try await with(configuration, pauses: pauses, change: change) { try await body($0, server) }
        try await server.stop()
        return result
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
