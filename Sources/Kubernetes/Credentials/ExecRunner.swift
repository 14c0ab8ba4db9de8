import FoundationEssentials
import Subprocess

/// Runs a credential plugin and reads what it prints.
///
/// Source of the rules: Kubernetes, "client-go credential plugins". The plugin gets no standard input: where
/// `interactiveMode` is `Always`, the kubeconfig is refused when it is read.
struct ExecRunner: Sendable {
    private static let outputLimit = 1 << 20
    private static let errorLimit = 64 << 10
    private static let errorTail = 400
    private static let timeLimit: Duration = .seconds(60)

    let configuration: ClusterConfiguration
    let date: @Sendable () -> Date

    func run(_ plugin: ExecPlugin) async throws -> ExecOutcome {
        let outcome: (status: TerminationStatus, output: String, errors: String)
        do {
            outcome = try await withTimeout(Self.timeLimit) { try await launch(plugin) }
        } catch is TimeoutError {
            throw Self.failed(plugin, "gave no credential within a minute")
        } catch let error as SubprocessError where error.code == .executableNotFound || error.code == .spawnFailed {
            throw KubernetesError(
                code: "exec-not-found", category: .refused,
                message: "The credential plugin \(plugin.command) cannot be started.",
                hint: plugin.installHint ?? "Install it, or put its folder into PATH.")
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw Self.failed(plugin, "printed more than \(Self.outputLimit) bytes")
        }
        guard outcome.status.isSuccess else {
            // Standard error is where a plugin says what is wrong; standard output may hold the token and is never shown.
            let words = outcome.errors.trimmingSpace().suffix(Self.errorTail)
            throw Self.failed(
                plugin, "failed (\(outcome.status))" + (words.isEmpty ? "" : ": \(redacted(words, plugin))"))
        }
        return try ExecCredential.read(outcome.output, plugin: plugin)
    }

    private func launch(_ plugin: ExecPlugin) async throws -> (TerminationStatus, String, String) {
        var added: [Environment.Key: String?] = [:]
        // Our own settings, tokens among them, are none of the plugin's business.
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("DESCRY_") {
            added[Environment.Key(stringLiteral: name)] = .some(nil)
        }
        for (name, value) in plugin.environment { added[Environment.Key(stringLiteral: name)] = value.value }
        added["KUBERNETES_EXEC_INFO"] = try ExecCredential.info(plugin, configuration)
        let result = try await Subprocess.run(
            plugin.command.contains("/") ? .path(fromText(plugin.command)) : .name(plugin.command),
            arguments: Arguments(plugin.arguments), environment: .inherit.updating(added), input: .none,
            output: .string(limit: Self.outputLimit), error: .string(limit: Self.errorLimit))
        return (result.terminationStatus, result.standardOutput, result.standardError)
    }

    /// The plugin's words without the values that the kubeconfig gave it in its environment.
    private func redacted(_ words: Substring, _ plugin: ExecPlugin) -> String {
        plugin.environment.values.map(\.value).filter { $0.count >= 8 }
            .reduce(String(words)) { $0.replacing($1, with: "[redacted]") }
    }

    static func failed(_ plugin: ExecPlugin, _ what: String) -> KubernetesError {
        KubernetesError(
            code: "exec-failed", category: .denied, message: "The credential plugin \(plugin.command) \(what).",
            hint: "Run it by hand, or log in again with the tool it belongs to.")
    }
}

/// Subprocess takes paths as swift-system's `FilePath`; being expressible by a literal is all that is needed of it here, and
/// spares a dependency on swift-system.
private func fromText<Path: ExpressibleByStringLiteral>(_ text: String) -> Path where Path.StringLiteralType == String {
    Path(stringLiteral: text)
}
