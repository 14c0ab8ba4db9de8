import Documents
import Git

/// The environments that are in force, and how each reading of their folder changes them. Pure.
///
/// A file that is refused or cannot be read leaves its last good version in force, and one bad file changes nothing for the
/// others. Only a file that is gone takes its environment away: a folder that cannot be read does not.
public struct ActiveConfiguration: Sendable {
    /// By name.
    public private(set) var environments: [String: Environment] = [:]
    /// What the last reading refused, by the file's name in the folder.
    public private(set) var refused: [String: RefusedFile] = [:]
    public private(set) var warnings: [Diagnostic] = []
    /// Why the last reading said nothing of the files at all.
    public private(set) var failure: Diagnostic?

    /// Nothing is in force yet.
    public init() {}

    /// False where what is in force is not what the folder says.
    public var isValid: Bool { failure == nil && refused.isEmpty }

    /// Why it is not valid, one line for each file, in their order: for `/readyz`.
    public var reasons: [String] {
        (failure.map { [$0.oneLine] } ?? []) + refused.values.sorted { $0.file < $1.file }.map(\.summary)
    }

    /// Takes over what a reading says, as far as it can be.
    public mutating func take(_ reading: FolderReading) -> ConfigurationChanges {
        let before = self
        failure = reading.failure
        guard reading.failure == nil else { return ConfigurationChanges(from: before, to: self) }
        var refusals = reading.refused
        var next: [String: Environment] = [:]
        for environment in reading.environments { next[environment.name] = environment }
        for name in reading.refused.keys.map(EnvironmentFolder.name(ofFile:)) { next[name] = environments[name] }
        while let clash = Self.clashes(in: next).first {
            putBack(clash, in: &next, &refusals, folder: reading.folder)
        }
        environments = next
        refused = [:]
        for (file, refusal) in refusals {
            refused[file] = RefusedFile(
                file: file, diagnostics: refusal.diagnostics,
                leavesInForce: next[EnvironmentFolder.name(ofFile: file)] != nil)
        }
        warnings =
            reading.warnings + SharedTarget.warnings(next.values.sorted { $0.name < $1.name }, in: reading.folder)
        return ConfigurationChanges(from: before, to: self)
    }

    /// Environments that would have the same Lease and the same history: their objects' names are in lower case.
    private static func clashes(in environments: [String: Environment]) -> [[Environment]] {
        struct Place: Hashable {
            let namespace: String
            let object: String
        }
        return Dictionary(grouping: environments.values) {
            Place(namespace: $0.namespace, object: DeploymentHistory.name($0.name))
        }.values.filter { $0.count > 1 }.map { $0.sorted { $0.name < $1.name } }.sorted { $0[0].name < $1[0].name }
    }

    /// Refuses the newcomers of a clash, so that what was in force stays so whatever comes beside it. There is always one
    /// among them, as what was in force had no clash.
    private func putBack(
        _ clash: [Environment], in next: inout [String: Environment], _ refusals: inout [String: Refused],
        folder: String
    ) {
        let newcomers = clash.filter { environments[$0.name] != $0 }
        for environment in newcomers.isEmpty ? clash : newcomers {
            let others = clash.map(\.name).filter { $0 != environment.name }.joined(separator: " and ")
            let file = EnvironmentFolder.file(of: environment.name)
            refusals[file] = Refused([
                Diagnostic(
                    code: "ambiguous-name",
                    message:
                        "\(environment.name) and \(others) would share \(DeploymentHistory.name(environment.name)) in the "
                        + "namespace \(environment.namespace)",
                    hint: "Let the names differ in more than upper and lower case", file: "\(folder)/\(file)")
            ])
            next[environment.name] = newcomers.isEmpty ? nil : environments[environment.name]
        }
    }
}

/// A file that is not in force, and why.
public struct RefusedFile: Sendable, Hashable {
    /// Its name in the folder, such as `LIVE.yaml`.
    public let file: String
    public let diagnostics: [Diagnostic]
    /// True where an earlier version of it stays in force.
    public let leavesInForce: Bool

    /// One line: what is wrong first, and how much there is besides.
    public var summary: String {
        let errors = diagnostics.filter { $0.severity == .error }
        let more = errors.count > 1 ? " And \(errors.count - 1) more." : ""
        let state =
            leavesInForce ? "refused; its last good version stays in force" : "refused; the environment is not run"
        return "\(TerminalText.escaped(file)) is \(state): \(errors.first?.oneLine ?? "no reason is known")\(more)"
    }
}

/// Two environments that deploy the same thing to the same place.
private enum SharedTarget {
    private struct Target: Hashable {
        let cluster: [String?]
        let namespace: String
        let source: [String]

        init(_ environment: Environment) {
            let cluster = environment.cluster
            self.cluster = [cluster.server, cluster.kubeconfig, cluster.context]
            namespace = environment.namespace
            source = [
                environment.repository.description, environment.branch.description, environment.descriptor,
            ]
        }
    }

    /// They would write the same values, and each would tell and prove them on its own: hardly ever meant.
    static func warnings(_ environments: [Environment], in folder: String) -> [Diagnostic] {
        Dictionary(grouping: environments, by: Target.init).values.filter { $0.count > 1 }
            .map { group in
                Diagnostic(
                    severity: .warning, code: "shared-target",
                    message:
                        "\(group.map(\.name).joined(separator: " and ")) deploy the same descriptor to the same namespace",
                    hint: "Remove one of them, or give it a branch or a namespace of its own",
                    file: "\(folder)/\(EnvironmentFolder.file(of: group[0].name))")
            }
            .sorted { $0.file < $1.file }
    }
}
