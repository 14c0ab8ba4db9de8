import ArgumentParser
import Documents
import Reconciling
import Reporting

/// Which environment's descriptor, and the settings that say where it is: those of ``EnvironmentOptions`` that a command needs
/// which changes the descriptor.
struct DescriptorOptions: ParsableArguments {
    @Argument(help: "The environment, such as DEV: the name of its file in the environments folder.")
    var name: String

    @OptionGroup var files: EnvironmentFiles

    @Option(help: .setting(.repository)) var repository: String?
    @Option(help: .setting(.branch)) var branch: String?
    @Option(help: .setting(.descriptor)) var descriptor: String?
    @Option(name: .customLong("versions"), help: .setting(.versions)) var channels: String?
    @Option(help: .setting(.gitCertificateAuthority)) var gitCertificateAuthority: String?
    @Option(help: .setting(.gitUsername)) var gitUsername: String?
    @Option(help: .setting(.gitPasswordFile)) var gitPasswordFile: String?
    @Option(help: .setting(.gitTokenFile)) var gitTokenFile: String?
    @Option(help: .setting(.gitClientCertificate)) var gitClientCertificate: String?
    @Option(help: .setting(.gitClientKey)) var gitClientKey: String?
    @Option(name: .customLong("git-ssh-key"), help: .setting(.gitSSHKey)) var gitSSHKey: String?
    @Option(help: .setting(.gitKnownHosts)) var gitKnownHosts: String?

    private var flags: [EnvironmentSetting: String] {
        let all: [EnvironmentSetting: String?] = [
            .repository: repository, .branch: branch, .descriptor: descriptor, .versions: channels,
            .gitCertificateAuthority: gitCertificateAuthority, .gitUsername: gitUsername,
            .gitPasswordFile: gitPasswordFile, .gitTokenFile: gitTokenFile,
            .gitClientCertificate: gitClientCertificate, .gitClientKey: gitClientKey, .gitSSHKey: gitSSHKey,
            .gitKnownHosts: gitKnownHosts,
        ]
        return all.compactMapValues { $0 }
    }

    /// Merges file, variables and flags.
    ///
    /// - Throws: `Refused` with every problem of the source that has one; `Failure` where the file cannot be read.
    func location(_ variables: [String: String]) throws -> DescriptorLocation {
        let settings = try files.merged(name, flags: try EnvironmentSettings.usage(flags), variables)
        for warning in settings.warnings { OutputStream.standardError.write(warning.description + "\n") }
        return try settings.location(name: name)
    }
}

extension EnvironmentSettings {
    /// What flags say; a bad one is wrong usage of the command line.
    static func usage(_ flags: [EnvironmentSetting: String]) throws(Failure) -> EnvironmentSettings {
        do throws(Refused) {
            return try EnvironmentSettings.flags(flags)
        } catch {
            throw Failure(
                status: .usage, code: "usage", message: "a flag's value is refused", diagnostics: error.diagnostics)
        }
    }
}
