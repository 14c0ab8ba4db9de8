import ArgumentParser
import Documents
import Git
import Kubernetes
import Reconciling
import Reporting

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Deploy what the environment's branch says, and prove it.",
        discussion: """
            Reads the descriptor of the branch's tip, patches every workload that differs, and stays until each rollout is \
            proven or failed, with the container's own reason. One bad app refuses the whole descriptor: then nothing is \
            written at all.

            Every setting can come from the environment file, from a DESCRY_… variable (in brackets), or from a flag. \
            Flags go over variables, and variables over the file.

            EXAMPLES
              descry apply DEV
              descry apply LIVE --environments deploy/environments --junit descry.xml
              descry apply DEV --no-wait
              descry apply DEV --follow
              descry apply LIVE --lock-timeout 30m
              descry apply LIVE --override --reason "Mends the outage of payments, INC-4711"
              descry apply DEV --repository https://git.example.com/shop/deployments.git \\
                --namespace shop-dev --registry nexus.example.com:32554/shop \\
                --server https://kube.example.com:6443 --certificate-authority ca.crt --token-file token

            EXIT CODES
              0   every app runs what the descriptor says (--no-wait: is patched)
              2   changes wait for a window or for approvals; what somebody else had changed is put right
              3   a rollout failed, or the pass failed after something was written; all of it is rolled back and proven
              4   the same, but something is not back, or --on-failure is neither rollback nor revert; the report says what runs where
              65, 69, 77, 78: nothing was written; see descry --help
              75  another run holds the environment (its name is told), for longer than --lock-timeout
              130, 143: ended by SIGINT or SIGTERM, which the history says; the next apply goes on from there
            """)

    @OptionGroup(title: "Environment") var environment: EnvironmentOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var junit: JUnitOptions

    @Flag(inversion: .prefixedNo, help: "Wait until every rollout is proven or failed.")
    var wait = true

    @Flag(
        help: """
            While rollouts are waited for, look for a newer commit every few seconds; one that can be deployed ends the wait at \
            once and is gone on with.
            """)
    var follow = false

    @Flag(help: "Let the API server validate every patch, and store nothing.")
    var dryRun = false

    @Flag(help: "Go on where the branch was force-pushed since it was deployed last.")
    var acceptRewrite = false

    @Flag(help: "Try again what failed with this very descriptor before.")
    var retry = false

    @Flag(help: "Deploy outside of the environment's windows. Needs --reason. Approvals are needed all the same.")
    var override = false

    @Option(help: .init("Why --override is needed; the history keeps it, with who ran the command.", valueName: "text"))
    var reason: String?

    @Option(
        help: .init(
            "How long to wait where another run holds the environment; 0 for not at all.", valueName: "duration"),
        transform: LockTimeout.init(text:))
    var lockTimeout = LockTimeout(duration: .seconds(300))

    func validate() throws {
        if follow && (!wait || dryRun) { throw ValidationError("--follow needs rollouts to wait for") }
        if override && (reason ?? "").allSatisfy(\.isWhitespace) {
            throw ValidationError("--override needs --reason, in words that others will understand later")
        }
        if !override && reason != nil { throw ValidationError("--reason is for --override") }
        if let reason, reason.count > 500 || reason.contains(where: \.isNewline) {
            throw ValidationError("--reason is one line of at most 500 characters")
        }
    }

    func run() async throws {
        try await common.finish {
            try await junit.recording("descry apply \(environment.name)") { try await apply() }
        }
    }

    private func apply() async throws -> ExitStatus {
        let printer = ProgressPrinter(common.output)
        let pass = Pass(environment: environment, common: common)
        let extent: Sync.Extent = dryRun ? .validate : wait ? .prove : .patch
        let stream = common.output.textStream
        let style = common.output.style(for: stream)
        let end = try await Interruption.ends { [acceptRewrite, retry, follow, lockTimeout, reason] in
            try await pass.run(
                .apply, extent: extent, acceptsRewrite: acceptRewrite, retries: retry, follow: follow,
                lockTimeout: lockTimeout.duration, overriding: reason,
                preempted: {
                    stream.write(TextReport.render($0.report, style: style))
                    printer.startAnew()
                }, progress: { printer.show($0) })
        }
        let outcome: Sync.Outcome
        switch end {
        case .finished(let result): outcome = result
        case .interrupted(let signal):
            OutputStream.standardError.write(
                "descry: interrupted: no further patch was sent; the next apply goes on from here\n")
            throw ExitCode(128 + signal)
        }
        try junit.write(JUnitReport(outcome.report))
        stream.write(TextReport.render(outcome.report, style: style))
        if common.output.format == .json { common.output.printJSON(outcome.report) }
        return outcome.status
    }
}

/// One pass with the settings of the command line.
struct Pass {
    let environment: EnvironmentOptions
    let common: CommonOptions

    /// How often `--follow` asks the git server.
    private static let pollInterval = Duration.seconds(5)

    /// - Parameters:
    ///   - lockTimeout: how long to wait for another run that holds the environment. A pass that only looks takes no lock.
    ///   - overriding: why windows are not kept to; nil keeps to them.
    ///   - preempted: is given what became of each pass that a newer commit ended.
    func run(
        _ command: SyncReport.Command, extent: Sync.Extent, acceptsRewrite: Bool, retries: Bool = false,
        follow: Bool = false, lockTimeout: Duration = .zero, overriding: String? = nil,
        preempted: @escaping @Sendable (Sync.Outcome) -> Void = { _ in },
        progress: @escaping @Sendable (ProgressEvent) -> Void
    ) async throws -> Sync.Outcome {
        let variables = common.variables
        let resolved = try environment.resolve(variables)
        let connections = Connections(
            environment: resolved, variables: variables,
            cacheFolder: Connections.cacheFolder(environment.cache, variables), logger: common.logger())
        return try await connections.withRepository { repository in
            try await connections.withCluster { cluster in
                @Sendable func pass(_ cluster: KubernetesClient, _ note: String? = nil) async throws -> Sync.Outcome {
                    try await Sync(
                        environment: resolved, repository: repository, cluster: cluster, command: command,
                        extent: extent, acceptsRewrite: acceptsRewrite, retries: retries,
                        runner: Deployment.Runner(variables),
                        tips: .asking(repository, resolved.branch, every: follow ? Self.pollInterval : nil),
                        overriding: overriding, progress: progress
                    ).runToEnd(preempted: { preempted($0.noting(note)) }).noting(note)
                }
                guard extent == .prove || extent == .patch else { return try await pass(cluster) }
                // What a bad descriptor is refused with does not wait for a lock, nor depend on the API server.
                _ = try await DescriptorSource(environment: resolved, repository: repository).current()
                let lease = EnvironmentLease(
                    cluster: cluster, environment: resolved, holder: .command(variables), timing: .command,
                    logger: common.logger())
                return try await lease.whileHeld(
                    patience: lockTimeout,
                    waiting: {
                        progress(.note("waiting for \($0.holder ?? "another run"), which holds \(resolved.name)"))
                    }
                ) { held in
                    if let note = held.note { progress(.note(note)) }
                    return try await pass(held.guarding(cluster), held.note)
                }
            }
        }
    }
}

extension Sync.Outcome {
    fileprivate func noting(_ note: String?) -> Sync.Outcome {
        guard let note else { return self }
        var noted = self
        noted.report.notes.insert(note, at: 0)
        return noted
    }
}

/// `--lock-timeout`: a duration, or 0.
struct LockTimeout: Sendable {
    let duration: Duration

    init(duration: Duration) { self.duration = duration }

    init(text: String) throws {
        if ["0", "0s"].contains(text) {
            duration = .zero
            return
        }
        do {
            duration = try DurationText.parse(text)
        } catch {
            throw ValidationError(error.message)
        }
    }
}

extension LockTimeout: CustomStringConvertible {
    var description: String { DurationText.format(duration) }
}
