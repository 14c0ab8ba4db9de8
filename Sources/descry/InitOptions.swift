import ArgumentParser
import Documents
import FoundationEssentials
import Git
import Reconciling
import Reporting

/// `ENV=NAMESPACE`.
struct Assignment: ExpressibleByArgument, Sendable {
    let name: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        (name, value) = (parts[0], parts[1])
    }
}

/// The values of an option that goes for all environments, or as `ENV=VALUE` for one.
struct EachEnvironment: Sendable {
    private var all: String?
    private var own: [String: String] = [:]
    /// Whom the option says two things for.
    private(set) var twice: String?

    init(_ values: [String], names: [String]) {
        for value in values {
            if let one = Assignment(argument: value), names.contains(one.name) {
                if own.updateValue(one.value, forKey: one.name) != nil { twice = one.name }
            } else {
                if all != nil { twice = "all environments" }
                all = value
            }
        }
    }

    subscript(name: String) -> String? { own[name] ?? all }
}

/// Where `init` reads.
struct InitClusterOptions: ParsableArguments {
    @Option(help: .setting(.clusterServer)) var server: String?
    @Option(help: .setting(.clusterCertificateAuthority)) var certificateAuthority: String?
    @Option(help: .setting(.clusterTokenFile)) var tokenFile: String?
    @Option(help: .setting(.clusterKubeconfig)) var kubeconfig: String?

    @Option(
        parsing: .singleValue,
        help: .init("\(EnvironmentSetting.clusterContext.help) [DESCRY_CONTEXT].", valueName: "[env=]name"))
    var context: [String] = []

    fileprivate var flags: [EnvironmentSetting: String?] {
        [
            .clusterServer: server, .clusterCertificateAuthority: certificateAuthority, .clusterTokenFile: tokenFile,
            .clusterKubeconfig: kubeconfig,
        ]
    }
}

/// Where the branches are to be, and how one gets there.
struct InitRepositoryOptions: ParsableArguments {
    @Option(help: .setting(.repository)) var repository: String?
    @OptionGroup var git: GitFlags

    /// The repository's address; a local path is made absolute, since environment files lie elsewhere. Nil where none is given.
    func address(_ variables: [String: String]) -> String? {
        guard let text = repository ?? variables.nonEmpty("DESCRY_REPOSITORY") else { return nil }
        do throws(GitError) {
            guard try RemoteURL(text).scheme == .local, !text.hasPrefix("/"), !text.contains("://") else { return text }
        } catch {
            return text  // whoever reads the setting tells what is wrong with it
        }
        let current = URL(filePath: FileManager.default.currentDirectoryPath + "/")
        return URL(filePath: text, relativeTo: current).standardizedFileURL.path
    }
}

/// What flags and variables say of one environment.
struct InitSource: Sendable {
    let name: String
    let namespace: String
    let registry: String?
    let settings: EnvironmentSettings
    /// What its file is to say, less the registry.
    let texts: [EnvironmentSetting: String]

    /// The environments that run releases only unless somebody says otherwise.
    private static let live: Set<String> = ["live", "prod", "production"]

    /// The variables that count: those of settings that all environments may share.
    private static let shared = Set(
        EnvironmentSetting.allCases.filter {
            $0.rawValue.hasPrefix("cluster.") || $0.rawValue.hasPrefix("git.") || $0 == .registry
        })

    /// - Throws: `Failure` (usage) where a flag's value is refused, `Refused` where a variable's is.
    init(_ assignment: Assignment, _ repository: String, _ command: InitCommand) throws {
        name = assignment.name
        namespace = assignment.value
        let names = command.environments.map(\.name)
        var given = command.cluster.flags.merging(command.repository.git.flags) { mine, _ in mine }.compactMapValues {
            $0
        }
        given[.clusterContext] = EachEnvironment(command.cluster.context, names: names)[name]
        given[.registry] = EachEnvironment(command.registry, names: names)[name]
        given[.versions] =
            EachEnvironment(command.versions, names: names)[name]
            ?? (Self.live.contains(name.lowercased()) ? "release" : "rc,release")
        given[.namespace] = namespace
        given[.repository] = repository
        let flags = try EnvironmentSettings.usage(given)
        let variables = command.common.variables.filter { variable in
            Self.shared.contains { $0.variable == variable.key }
        }
        settings = flags.overriding(try EnvironmentSettings.variables(variables))
        var texts: [EnvironmentSetting: String] = [:]
        for setting in settings.given where !setting.isSecret {
            texts[setting] = given[setting] ?? setting.variable.flatMap { variables[$0] }
        }
        registry = texts.removeValue(forKey: .registry)
        // The name alone, whose password a variable gives, is for that variable's neighbour to say.
        if texts[.gitPasswordFile] == nil { texts[.gitUsername] = nil }
        self.texts = texts
    }
}
