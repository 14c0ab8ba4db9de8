import ArgumentParser
import Documents
import Reconciling
import Reporting

/// Which environment, and every setting of it that can be given as a flag.
///
/// Flags go over `DESCRY_…` variables, and those over the environment file. The names and texts are those of
/// ``EnvironmentSetting``; a test holds them to it.
struct EnvironmentOptions: ParsableArguments {
    @Argument(help: "The environment, such as DEV: the name of its file in the environments folder.")
    var name: String

    @OptionGroup var files: EnvironmentFiles

    @Option(help: .setting(.repository)) var repository: String?
    @Option(help: .setting(.branch)) var branch: String?
    @Option(help: .setting(.descriptor)) var descriptor: String?
    @Option(name: [.customShort("n"), .long], help: .setting(.namespace)) var namespace: String?
    @Option(help: .setting(.registry)) var registry: String?
    @Option(help: .setting(.versions)) var versions: String?
    @Option(help: .setting(.clusterServer)) var server: String?
    @Option(help: .setting(.clusterCertificateAuthority)) var certificateAuthority: String?
    @Option(help: .setting(.clusterTokenFile)) var tokenFile: String?
    @Option(help: .setting(.clusterKubeconfig)) var kubeconfig: String?
    @Option(help: .setting(.clusterContext)) var context: String?
    @OptionGroup var git: GitFlags
    @Option(help: .setting(.rolloutTimeout)) var timeout: String?
    @Option(help: .setting(.rolloutOnFailure)) var onFailure: String?
    @Option(help: .setting(.rolloutReplaceStuckPods)) var replaceStuckPods: String?
    @Option(help: .setting(.verifyJob)) var verifyJob: String?
    @Option(name: .customLong("verify-http"), help: .setting(.verifyHTTP)) var verifyHTTP: String?
    @Option(help: .setting(.verifyTimeout)) var verifyTimeout: String?
    @Option(help: .setting(.drift)) var drift: String?

    private var flags: [EnvironmentSetting: String] {
        let all: [EnvironmentSetting: String?] = [
            .repository: repository, .branch: branch, .descriptor: descriptor, .namespace: namespace,
            .registry: registry, .versions: versions, .clusterServer: server,
            .clusterCertificateAuthority: certificateAuthority, .clusterTokenFile: tokenFile,
            .clusterKubeconfig: kubeconfig, .clusterContext: context,
            .rolloutTimeout: timeout, .rolloutOnFailure: onFailure,
            .rolloutReplaceStuckPods: replaceStuckPods, .verifyJob: verifyJob, .verifyHTTP: verifyHTTP,
            .verifyTimeout: verifyTimeout, .drift: drift,
        ]
        return all.merging(git.flags) { mine, _ in mine }.compactMapValues { $0 }
    }

    /// Merges file, variables and flags.
    ///
    /// - Throws: `Refused` with every problem of the source that has one; `Failure` where the file cannot be read.
    func resolve(_ variables: [String: String]) throws -> Environment {
        let flags = try EnvironmentSettings.usage(self.flags)
        let (environment, warnings) = try files.resolve(name, flags: flags, variables)
        for warning in warnings { OutputStream.standardError.write(warning.description + "\n") }
        return environment
    }

    var cache: String? { files.cache }
}

extension ArgumentHelp {
    /// The help of a setting, with the variable that also gives it, and for a file with a secret the one that gives the
    /// secret itself.
    static func setting(_ setting: EnvironmentSetting) -> ArgumentHelp {
        let secret: EnvironmentSetting? =
            switch setting {
            case .clusterTokenFile: .clusterToken
            case .gitPasswordFile: .gitPassword
            case .gitTokenFile: .gitToken
            default: nil
            }
        let variables = [setting.variable, secret?.variable].compactMap { $0 }.joined(
            separator: ", or the secret itself: ")
        return ArgumentHelp("\(setting.help) [\(variables)].", valueName: setting.placeholder.lowercased())
    }
}

extension [String: String] {
    /// A variable that is set to nothing counts as absent.
    func nonEmpty(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
