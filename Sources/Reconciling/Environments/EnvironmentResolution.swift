import Descriptors
import Documents
import Git
import Rollouts

extension EnvironmentSettings {
    /// The environment that these settings, merged from all sources, describe.
    ///
    /// - Throws: one diagnostic for every required setting that no source gives, naming its key, flag and variable, and one
    ///   for every two settings that exclude each other.
    public func resolve(name: String) throws(Refused) -> Environment {
        var problems = nameProblems(name) + missing(name, of: EnvironmentSetting.allCases) + conflicts()
        let branch = branch(name, problems: &problems)
        let forge = forge(problems: &problems)
        guard problems.isEmpty, let branch, case .repository(let repository) = values[.repository]?.value,
            let namespace = text(.namespace), let registry = text(.registry)
        else { throw Refused(problems) }
        return Environment(
            Environment.Content(
                name: name, repository: repository, branch: branch,
                descriptor: descriptorPath, namespace: namespace, registry: registry,
                channels: channels, cluster: cluster, git: git, rollout: rollout, drift: drift,
                verify: verify, forge: forge, windows: windows, signatures: signatures, approvals: approvals,
                notes: notes, revert: revert))
    }

    /// Where the environment's descriptor is. It needs the repository alone: a build that writes versions need not know the
    /// cluster.
    ///
    /// - Throws: as ``resolve(name:)``.
    public func location(name: String) throws(Refused) -> DescriptorLocation {
        var problems = nameProblems(name) + missing(name, of: [.repository]) + conflicts()
        let branch = branch(name, problems: &problems)
        guard problems.isEmpty, let branch, case .repository(let repository) = values[.repository]?.value else {
            throw Refused(problems)
        }
        return DescriptorLocation(
            environment: name, repository: repository, branch: branch, path: descriptorPath, channels: channels,
            git: git, approvals: approvals, signatures: signatures)
    }

    private var descriptorPath: String { text(.descriptor) ?? "deploy-descriptor.yaml" }

    private func nameProblems(_ name: String) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        if let problem = EnvironmentName.problem(with: name) {
            problems.append(Diagnostic(code: problem.code, message: problem.message, hint: problem.hint, file: name))
        }
        if let own = self.name, own != name {
            problems.append(
                Diagnostic(
                    code: "environment-mismatch",
                    message: "the settings are for \(TerminalText.quoted(own)), not for \(TerminalText.quoted(name))",
                    hint: "Name the environment by its own file", file: name))
        }
        return problems
    }

    private func missing(_ name: String, of settings: [EnvironmentSetting]) -> [Diagnostic] {
        settings.filter { $0.isRequired && values[$0] == nil }.map { setting in
            Diagnostic(
                code: "missing-setting", message: "the environment has no \(setting.rawValue)",
                hint:
                    "Write `\(setting.rawValue):` into its file, or give \(setting.flag ?? "") or \(setting.variable ?? "")",
                file: name)
        }
    }

    private func branch(_ name: String, problems: inout [Diagnostic]) -> BranchName? {
        if case .branch(let branch) = values[.branch]?.value { return branch }
        do throws(GitError) {
            return try BranchName(name)
        } catch {
            problems.append(Diagnostic(code: "invalid-branch", message: error.message, hint: error.hint, file: name))
            return nil
        }
    }

    private var channels: Set<AppVersion.Channel> {
        if case .channels(let channels) = values[.versions]?.value {
            channels
        } else {
            Set(AppVersion.Channel.allCases)
        }
    }

    /// How the cluster is reached; ``resolve(name:)`` checks it.
    public var cluster: ClusterSettings {
        ClusterSettings(
            server: text(.clusterServer), certificateAuthority: text(.clusterCertificateAuthority),
            tokenFile: text(.clusterTokenFile), tokenVariable: variable(.clusterToken),
            kubeconfig: text(.clusterKubeconfig), context: text(.clusterContext))
    }

    /// How the git server is reached; ``resolve(name:)`` checks it.
    public var git: GitSettings {
        let password = text(.gitPasswordFile).map { SecretSource.file($0) }
        let token = text(.gitTokenFile).map { SecretSource.file($0) }
        return GitSettings(
            certificateAuthority: text(.gitCertificateAuthority),
            credentials: GitCredentials(
                username: text(.gitUsername).map { .text($0) },
                password: password ?? variable(.gitPassword).map { .environment($0) },
                token: token ?? variable(.gitToken).map { .environment($0) }),
            clientCertificate: text(.gitClientCertificate), clientKey: text(.gitClientKey), sshKey: text(.gitSSHKey),
            knownHosts: text(.gitKnownHosts))
    }

    private var rollout: RolloutSettings {
        var timeout: Duration = .seconds(600)
        if case .duration(let given) = values[.rolloutTimeout]?.value { timeout = given }
        var onFailure = RolloutSettings.OnFailure.rollback
        if case .onFailure(let given) = values[.rolloutOnFailure]?.value { onFailure = given }
        var stuckPods = StuckPodPolicy.neverStarted
        if case .stuckPods(let given) = values[.rolloutReplaceStuckPods]?.value { stuckPods = given }
        return RolloutSettings(timeout: timeout, onFailure: onFailure, replaceStuckPods: stuckPods)
    }

    private var revert: RevertSettings {
        var author: CommitIdentity?
        if case .person(let given) = values[.revertAuthor]?.value { author = given }
        var limit = 3
        if case .count(let given) = values[.revertLimit]?.value { limit = given }
        var period = Duration.seconds(86_400)
        if case .duration(let given) = values[.revertPeriod]?.value { period = given }
        return RevertSettings(author: author, signKey: text(.revertSignKey), limit: limit, period: period)
    }

    private var drift: DriftPolicy {
        if case .drift(let drift) = values[.drift]?.value { drift } else { .correct }
    }

    private var verify: Verify? {
        var timeout: Duration = .seconds(600)
        if case .duration(let given) = values[.verifyTimeout]?.value { timeout = given }
        if let job = text(.verifyJob) { return Verify(check: .job(job), timeout: timeout) }
        return text(.verifyHTTP).map { Verify(check: .http($0), timeout: timeout) }
    }

    /// What is incomplete of it is told by ``conflicts()``.
    private func forge(problems: inout [Diagnostic]) -> ForgeSettings? {
        guard case .forge(let provider) = values[.forgeProvider]?.value else { return nil }
        var statuses: CommitStatusSettings?
        if let token = text(.forgeTokenFile), case .repository(let repository) = values[.repository]?.value {
            var target: LinkTemplate?
            if case .link(let given) = values[.forgeTargetURL]?.value { target = given }
            do throws(SettingProblem) {
                statuses = CommitStatusSettings(
                    forge: try Forge(provider, api: text(.forgeURL), repository: repository),
                    token: SecretFile(path: token), certificateAuthority: text(.gitCertificateAuthority), target: target
                )
            } catch {
                let origin = (values[.forgeURL] ?? values[.forgeTokenFile])?.origin
                if let origin { problems.append(problem(error.code, at: origin, error.message, hint: error.hint)) }
            }
        }
        return ForgeSettings(
            provider: provider,
            webhookSecret: text(.forgeWebhookSecretFile).map {
                SecretFile(path: $0, atLeast: ForgeSettings.shortestWebhookSecret)
            }, statuses: statuses)
    }

    private var windows: ChangeWindows {
        if case .windows(let windows) = values[.windows]?.value { windows } else { .none }
    }

    private var notes: Bool { if case .bool(let notes) = values[.notes]?.value { notes } else { false } }

    private var signatures: SignatureSettings {
        var rule = SignatureRule.none
        if case .signatureRule(let given) = values[.requireSigned]?.value { rule = given }
        return SignatureSettings(rule: rule, allowedSigners: text(.allowedSigners), gpgHome: text(.gpgHome))
    }

    private var approvals: ApprovalSettings? {
        guard case .count(let count) = values[.approvalsCount]?.value,
            let signers = text(.approvalsSigners) ?? text(.allowedSigners)
        else { return nil }
        var authorMayApprove = false
        if case .bool(let given) = values[.approvalsAuthorMayApprove]?.value { authorMayApprove = given }
        var expiry: Duration?
        if case .duration(let given) = values[.approvalsExpiry]?.value { expiry = given }
        return ApprovalSettings(count: count, signers: signers, authorMayApprove: authorMayApprove, expiry: expiry)
    }

    private func text(_ setting: EnvironmentSetting) -> String? {
        if case .text(let text) = values[setting]?.value { text } else { nil }
    }

    private func variable(_ setting: EnvironmentSetting) -> String? {
        if case .secret(let variable) = values[setting]?.value { variable } else { nil }
    }
}
