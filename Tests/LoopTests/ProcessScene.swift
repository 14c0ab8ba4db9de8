import Reconciling
import Sandbox
import Scenes
import TestServers

/// `descry run` as processes, each with a folder, a cache, and an account in each environment's namespace of its own.
extension LoopScene {
    /// A secret of webhooks, which no process may tell.
    static let webhookSecret = PlantedSecret.marker

    /// Starts a replica.
    ///
    /// - Parameters:
    ///   - names: of the environments. Each listens to webhooks as GitLab sends them, signed with ``webhookSecret``.
    ///   - port: where it serves.
    func process(
        _ replica: String, _ names: [String], port: Int = 0, _ arguments: [String] = []
    ) throws -> DescryProcess {
        let accounts = names.map { account(replica, $0) }
        let descry = try DescryBinary(secrets: accounts.map(\.token) + [Self.webhookSecret])
        let environments = try descry.home.folder("environments")
        let secret = try descry.home.write("webhook-secret", Self.webhookSecret)
        for (name, account) in zip(names, accounts) {
            let kubeconfig = try descry.home.write("kubeconfig-\(name)", sandbox.kubeconfig(for: account))
            let text = """
                environment: \(name)
                repository: "\(repository.path)"
                namespace: \(name.lowercased())
                registry: \(SandboxScene.registry)
                cluster: {kubeconfig: "\(kubeconfig)"}
                rollout: {timeout: 2m}
                forge: {provider: gitlab, webhookSecretFile: "\(secret)"}
                """
            try TemporaryFolder.write("\(environments)/\(name).yaml", Array(text.utf8))
        }
        return try descry.start(
            ["run", "--environments", environments, "--replica", replica, "--listen", "127.0.0.1:\(port)"] + arguments)
    }
}
