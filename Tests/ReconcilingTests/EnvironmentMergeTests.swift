import Descriptors
import Documents
import Git
import Reconciling
import Testing

/// Flag over variable over file, and what is required in the end.
@Suite struct EnvironmentMergeTests {
    static let file = """
        environment: DEV
        repository: https://git.example.com/shop.git
        namespace: from-file
        registry: nexus.example.com/shop
        """

    @Test func flagsOverVariablesOverTheFile() throws {
        let file = try settings(Self.file + "\ndrift: report\nrollout: {timeout: 1m}\n")
        let variables = try EnvironmentSettings.variables([
            "DESCRY_NAMESPACE": "from-variable", "DESCRY_TIMEOUT": "2m", "DESCRY_REGISTRY": "", "PATH": "/bin",
        ])
        let flags = try EnvironmentSettings.flags([.namespace: "from-flag"])
        let environment = try flags.overriding(variables).overriding(file).resolve(name: "DEV")
        #expect(environment.namespace == "from-flag")
        #expect(environment.rollout.timeout == .seconds(120))
        #expect(environment.drift == .report)
        #expect(environment.registry == "nexus.example.com/shop", "a variable that is set to nothing is absent")
    }

    @Test func defaults() throws {
        let environment = try settings(Self.file).resolve(name: "DEV")
        #expect(environment.name == "DEV")
        #expect(environment.branch.description == "DEV")
        #expect(environment.descriptor == "deploy-descriptor.yaml")
        #expect(environment.channels == Set(AppVersion.Channel.allCases))
        #expect(environment.rollout.timeout == .seconds(600) && environment.rollout.onFailure == .rollback)
        #expect(environment.drift == .correct)
        #expect(environment.git.credentials == .none && environment.git.sshCommand == nil)
        #expect(environment.cluster.server == nil && environment.cluster.kubeconfig == nil)
    }

    @Test func everyMissingSettingIsNamedWithItsWaysIn() throws {
        let error = try #require(throws: Refused.self) { try EnvironmentSettings().resolve(name: "DEV") }
        #expect(error.diagnostics.map(\.code) == ["missing-setting", "missing-setting", "missing-setting"])
        for (diagnostic, key) in zip(error.diagnostics, ["repository", "namespace", "registry"]) {
            let hint = try #require(diagnostic.hint)
            #expect(hint.contains("`\(key):`") && hint.contains("--\(key)"))
            #expect(hint.contains("DESCRY_\(key.uppercased())"))
        }
    }

    /// Everything can come without any file.
    @Test func aFileIsNotNeeded() throws {
        let variables = try EnvironmentSettings.variables([
            "DESCRY_REPOSITORY": "git@git.example.com:shop.git", "DESCRY_NAMESPACE": "shop",
            "DESCRY_REGISTRY": "nexus:5000",
            "DESCRY_VERSIONS": "release", "DESCRY_ON_FAILURE": "stop", "DESCRY_SERVER": "https://[::1]:6443",
            "DESCRY_TOKEN": "hunter2", "DESCRY_GIT_SSH_KEY": "key", "DESCRY_GIT_KNOWN_HOSTS": "known hosts",
        ])
        let environment = try variables.resolve(name: "LIVE")
        #expect(environment.repository.scheme == .ssh)
        #expect(environment.channels == [.release])
        #expect(environment.rollout.onFailure == .stop)
        #expect(environment.cluster.tokenVariable == "DESCRY_TOKEN" && environment.cluster.tokenFile == nil)
        #expect(
            environment.git.sshCommand == [
                "ssh", "-i", "key", "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=\"known hosts\"",
            ])
        #expect(!"\(variables)\(environment)".contains("hunter2"))
    }

    /// Relative paths of a file begin at its folder, those of flags at the process's own.
    @Test func relativePaths() throws {
        let text =
            Self.file.replacing("https://git.example.com/shop.git", with: "../shop.git") + "\ngit: {tokenFile: token}\n"
        let file = try settings(text, file: "/etc/descry/environments/DEV.yaml")
        #expect(try file.resolve(name: "DEV").repository.path == "/etc/descry/environments/../shop.git")
        #expect(try file.resolve(name: "DEV").git.credentials.token == .file("/etc/descry/environments/token"))
        let flags = try EnvironmentSettings.flags([.gitTokenFile: "token", .repository: "shop.git"])
        #expect(try flags.overriding(file).resolve(name: "DEV").git.credentials.token == .file("token"))
        #expect(try flags.overriding(file).resolve(name: "DEV").repository.path == "shop.git")
        #expect(try settings(text, file: "DEV.yaml").resolve(name: "DEV").git.credentials.token == .file("token"))
    }

    /// Ways to prove who one is replace each other as a whole.
    @Test func credentialsAreNotMixed() throws {
        let file = try settings(
            Self.file + "\ngit: {username: u, passwordFile: /p}\ncluster: {server: https://a, tokenFile: /t}\n")
        let token = try EnvironmentSettings.variables(["DESCRY_GIT_TOKEN": "hunter2"]).overriding(file).resolve(
            name: "DEV")
        #expect(token.git.credentials == GitCredentials(token: .environment("DESCRY_GIT_TOKEN")))
        let password = try EnvironmentSettings.variables(["DESCRY_GIT_PASSWORD": "hunter2"]).overriding(file)
            .resolve(name: "DEV")
        #expect(
            password.git.credentials
                == GitCredentials(username: .text("u"), password: .environment("DESCRY_GIT_PASSWORD")))
        let kubeconfig = try EnvironmentSettings.flags([.clusterKubeconfig: "/k"]).overriding(file).resolve(name: "DEV")
        #expect(kubeconfig.cluster.kubeconfig == "/k")
        #expect(kubeconfig.cluster.server == nil && kubeconfig.cluster.tokenFile == nil)
    }

    /// The two kinds of check replace one another, and one source cannot give both.
    @Test func checksReplaceOneAnother() throws {
        let job = try settings(Self.file + "\nverify: {job: smoke, timeout: 5m}\n")
        #expect(try job.resolve(name: "DEV").verify == Verify(check: .job("smoke"), timeout: .seconds(300)))
        let url = try EnvironmentSettings.variables(["DESCRY_VERIFY_HTTP": "https://shop.example.com/health"])
        #expect(
            try url.overriding(job).resolve(name: "DEV").verify
                == Verify(check: .http("https://shop.example.com/health"), timeout: .seconds(300)))
        let flag = try EnvironmentSettings.flags([.verifyJob: "other"])
        #expect(
            try flag.overriding(url.overriding(settings(Self.file))).resolve(name: "DEV").verify
                == Verify(check: .job("other"), timeout: .seconds(600)))
        #expect(try settings(Self.file).resolve(name: "DEV").verify == nil)
        let both = try EnvironmentSettings.flags([.verifyJob: "a", .verifyHTTP: "https://a"])
        let error = try #require(throws: Refused.self) {
            try both.overriding(settings(Self.file)).resolve(name: "DEV")
        }
        #expect(error.diagnostics.map(\.code) == ["conflicting-settings"])
    }

    @Test(arguments: [
        // A time for nothing.
        ("verify: {timeout: 5m}", "incomplete-settings"),
        // Half of a pair, and two of a kind.
        ("git: {username: u}", "incomplete-settings"), ("git: {passwordFile: p}", "incomplete-settings"),
        ("git: {clientKey: k}", "incomplete-settings"), ("git: {clientCertificate: c}", "incomplete-settings"),
        ("cluster: {tokenFile: t}", "incomplete-settings"),
        ("cluster: {certificateAuthority: c}", "incomplete-settings"),
    ])
    func halvesAreRefused(line: String, code: String) throws {
        let settings = try settings(Self.file + "\n" + line + "\n")
        let error = try #require(throws: Refused.self) { try settings.resolve(name: "DEV") }
        #expect(error.diagnostics.map(\.code) == [code])
        #expect(error.diagnostics.first?.position?.line == 5)
    }

    /// LIVE's settings cannot be had under another name.
    @Test func theNameMustBeTheOneAskedFor() throws {
        let atParse = try #require(throws: Refused.self) {
            try EnvironmentSettings.parse(Array(Self.file.utf8), file: "LIVE.yaml", expecting: "LIVE")
        }
        #expect(atParse.diagnostics.map(\.code) == ["environment-mismatch"])
        #expect(atParse.diagnostics.first?.position?.column == 14)
        let settings = try settings(Self.file)
        let atResolve = try #require(throws: Refused.self) { try settings.resolve(name: "LIVE") }
        #expect(atResolve.diagnostics.map(\.code) == ["environment-mismatch"])
    }

    @Test(arguments: ["", "-a", "a b", "a/b", "../DEV", "ü", String(repeating: "a", count: 64)])
    func namesThatCannotStandInKubernetes(name: String) throws {
        let variables = [
            "DESCRY_REPOSITORY": "/g", "DESCRY_NAMESPACE": "n", "DESCRY_REGISTRY": "r", "DESCRY_BRANCH": "b",
        ]
        let settings = try EnvironmentSettings.variables(variables)
        let error = try #require(throws: Refused.self) { try settings.resolve(name: name) }
        #expect(error.diagnostics.map(\.code) == ["invalid-environment-name"])
    }

    /// The place of a wrong value is the variable or the flag, and no secret of a URL is repeated.
    @Test func wrongInputsNameTheirSource() throws {
        let variables = try #require(throws: Refused.self) {
            try EnvironmentSettings.variables([
                "DESCRY_NAMESPACE": "Shop", "DESCRY_REPOSITORY": "https://u:hunter2@git.example.com/a",
            ])
        }
        #expect(variables.diagnostics.map(\.file) == ["DESCRY_REPOSITORY", "DESCRY_NAMESPACE"])
        #expect(variables.diagnostics.map(\.code) == ["credentials-in-url", "invalid-name"])
        #expect(!variables.description.contains("hunter2"))
        let flags = try #require(throws: Refused.self) { try EnvironmentSettings.flags([.rolloutTimeout: "10"]) }
        #expect(flags.description.hasPrefix("--timeout: error[invalid-duration]: \"10\" has no unit."))
    }

    @Test func aMistypedVariableIsPointedOut() throws {
        let settings = try EnvironmentSettings.variables([
            "DESCRY_NAMESPCE": "a", "DESCRY_CACHE_SIZE_OF_X": "b", "NAMESPACE": "c",
        ])
        #expect(settings.warnings.map(\.file) == ["DESCRY_NAMESPCE"])
        #expect(settings.warnings.first?.hint == "Did you mean DESCRY_NAMESPACE?")
    }

    private func settings(_ text: String, file: String = "DEV.yaml") throws -> EnvironmentSettings {
        try EnvironmentSettings.parse(Array(text.utf8), file: file)
    }
}
