import ArgumentParser
import Reconciling

/// How a command reaches the git server: the settings `git.…` as flags.
struct GitFlags: ParsableArguments {
    @Option(help: .setting(.gitCertificateAuthority)) var gitCertificateAuthority: String?
    @Option(help: .setting(.gitUsername)) var gitUsername: String?
    @Option(help: .setting(.gitPasswordFile)) var gitPasswordFile: String?
    @Option(help: .setting(.gitTokenFile)) var gitTokenFile: String?
    @Option(help: .setting(.gitClientCertificate)) var gitClientCertificate: String?
    @Option(help: .setting(.gitClientKey)) var gitClientKey: String?
    @Option(name: .customLong("git-ssh-key"), help: .setting(.gitSSHKey)) var gitSSHKey: String?
    @Option(help: .setting(.gitKnownHosts)) var gitKnownHosts: String?

    var flags: [EnvironmentSetting: String?] {
        [
            .gitCertificateAuthority: gitCertificateAuthority, .gitUsername: gitUsername,
            .gitPasswordFile: gitPasswordFile, .gitTokenFile: gitTokenFile,
            .gitClientCertificate: gitClientCertificate, .gitClientKey: gitClientKey, .gitSSHKey: gitSSHKey,
            .gitKnownHosts: gitKnownHosts,
        ]
    }
}
