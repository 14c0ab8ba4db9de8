import Reconciling
import TestExamples
import Testing

/// The one table of settings, and what is made of it.
@Suite struct EnvironmentSettingTests {
    @Test func namesAreDistinctAndWellFormed() throws {
        let settings = EnvironmentSetting.allCases
        let flags = settings.compactMap(\.flag)
        let variables = settings.compactMap(\.variable)
        #expect(Set(flags).count == flags.count && Set(variables).count == variables.count)
        #expect(flags.allSatisfy { $0.wholeMatch(of: /--[a-z]+(-[a-z]+)*/) != nil })
        #expect(variables.allSatisfy { $0.wholeMatch(of: /DESCRY(_[A-Z]+)+/) != nil })
        #expect(settings.allSatisfy { !$0.help.isEmpty && !$0.help.hasSuffix(".") && !$0.placeholder.isEmpty })
    }

    /// A public contract: scripts and pipelines use these.
    @Test(
        arguments: [
            (EnvironmentSetting.repository, "repository", "--repository", "DESCRY_REPOSITORY"),
            (.clusterServer, "cluster.server", "--server", "DESCRY_SERVER"),
            (
                .clusterCertificateAuthority, "cluster.certificateAuthority", "--certificate-authority",
                "DESCRY_CERTIFICATE_AUTHORITY"
            ),
            (.clusterTokenFile, "cluster.tokenFile", "--token-file", "DESCRY_TOKEN_FILE"),
            (
                .gitCertificateAuthority, "git.certificateAuthority", "--git-certificate-authority",
                "DESCRY_GIT_CERTIFICATE_AUTHORITY"
            ),
            (.gitSSHKey, "git.sshKey", "--git-ssh-key", "DESCRY_GIT_SSH_KEY"),
            (.rolloutTimeout, "rollout.timeout", "--timeout", "DESCRY_TIMEOUT"),
            (.rolloutOnFailure, "rollout.onFailure", "--on-failure", "DESCRY_ON_FAILURE"),
            (.verifyJob, "verify.job", "--verify-job", "DESCRY_VERIFY_JOB"),
            (.verifyHTTP, "verify.http", "--verify-http", "DESCRY_VERIFY_HTTP"),
            (.verifyTimeout, "verify.timeout", "--verify-timeout", "DESCRY_VERIFY_TIMEOUT"),
            (.windows, "windows", nil, nil), (.requireSigned, "requireSigned", nil, nil),
            (.allowedSigners, "allowedSigners", nil, nil), (.gpgHome, "gpgHome", nil, nil),
            (.approvalsCount, "approvals.count", nil, nil), (.approvalsExpiry, "approvals.expiry", nil, nil),
            (.clusterToken, nil, nil, "DESCRY_TOKEN"), (.gitToken, nil, nil, "DESCRY_GIT_TOKEN"),
            (.gitPassword, nil, nil, "DESCRY_GIT_PASSWORD"),
            // The loop's own: a flag or variable would give all environments one secret.
            (.forgeProvider, "forge.provider", nil, nil), (.forgeTokenFile, "forge.tokenFile", nil, nil),
            (.forgeWebhookSecretFile, "forge.webhookSecretFile", nil, nil), (.forgeURL, "forge.url", nil, nil),
            (.forgeTargetURL, "forge.targetURL", nil, nil),
        ] as [(EnvironmentSetting, String?, String?, String?)])
    func namesStay(setting: EnvironmentSetting, key: String?, flag: String?, variable: String?) {
        #expect(setting.key == key)
        #expect(setting.flag == flag)
        #expect(setting.variable == variable)
    }

    /// A secret on a command line is seen by every process of the machine, and one in a file by everyone who reads it.
    @Test(arguments: EnvironmentSetting.allCases.filter(\.isSecret))
    func secretsComeFromVariablesOnly(setting: EnvironmentSetting) {
        #expect(setting.key == nil && setting.flag == nil)
    }

    /// What keeps people from deploying must not be lifted by whoever runs Descry.
    @Test(arguments: EnvironmentSetting.allCases.filter(\.isGuard))
    func guardsComeFromTheFileOnly(setting: EnvironmentSetting) {
        #expect(setting.key != nil && setting.flag == nil && setting.variable == nil)
    }

    @Test(arguments: EnvironmentSetting.allCases)
    func theReferenceNamesEverySetting(setting: EnvironmentSetting) throws {
        let page = String(decoding: try ExampleFile.at(projectFolder() + "/docs/environment.md").bytes, as: UTF8.self)
        for name in [setting.key, setting.flag, setting.variable, setting.help].compactMap({ $0 }) {
            #expect(page.contains(name), "docs/environment.md does not say \(name)")
        }
    }
}
