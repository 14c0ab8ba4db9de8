import Git
import Kubernetes
import Reporting

/// One term of an environment's lease, from its taking to its end: the loop that owns all that is known of the environment
/// meanwhile.
struct EnvironmentTerm {
    enum Signal: Sendable {
        case branch(TipFeed.News)
        case hint
        /// The namespace differs from what the last pass left, in another way than it did.
        case drift
        case driftTold
        case unwatched(KubernetesError)
        case watched
        /// Somebody else wants the lease.
        case requested(by: String)
        case passEnded(FinishedPass)
        case alarm
    }

    let environment: Environment
    let context: LoopContext
    let repository: GitRepository
    let cluster: KubernetesClient
    let feed: TipFeed
    let drift: DriftWatch
    /// Has the branch looked at now.
    let poll: @Sendable () -> Void

    private var agenda: EnvironmentAgenda
    private var damper = DriftDamper()
    /// What was told of the drift there is; nothing is told twice.
    private var told: [String: DriftBoard.Finding] = [:]
    /// The apps that the pass under way, or the next one, puts right.
    private var correcting: Set<String> = []
    /// Those that are left as they are for a while, with its end.
    private var contested: [String: ContinuousClock.Instant] = [:]
    private var isUnwatched = false
    private var isWanted = false

    init(
        environment: Environment, context: LoopContext, repository: GitRepository, cluster: KubernetesClient,
        feed: TipFeed, drift: DriftWatch, poll: @escaping @Sendable () -> Void
    ) {
        self.environment = environment
        self.context = context
        self.repository = repository
        self.cluster = cluster
        self.feed = feed
        self.drift = drift
        self.poll = poll
        agenda = EnvironmentAgenda(
            resyncInterval: context.settings.resyncInterval,
            backOff: BackOff(first: context.settings.firstRetry, longest: context.settings.longestRetry))
    }

    /// Runs until somebody else wants the lease and nothing is under way.
    ///
    /// - Throws: `CancellationError`.
    mutating func run(_ loop: inout SignalLoop<Signal>, requests: AsyncStream<String>) async throws {
        let send = loop.send
        loop.start { [feed] in for await news in feed.updates() { send(.branch(news)) } }
        loop.start { for await who in requests { send(.requested(by: who)) } }
        while !(isWanted && !agenda.isRunning) {
            let now = context.time.now()
            var moment: ContinuousClock.Instant?
            switch agenda.next(now) {
            case .pass(let reason, let commit): start(reason, commit, &loop)
            case .wait where agenda.isRunning: break
            case .wait(let until):
                if let end = contested.values.min(), end <= now { lookAtDrift(&loop) }
                moment = [until, contested.values.min()].compactMap { $0 }.min()
            }
            take(try await loop.next(until: moment, .alarm), &loop)
        }
    }

    private mutating func start(
        _ reason: EnvironmentAgenda.Reason, _ commit: CommitID, _ loop: inout SignalLoop<Signal>
    ) {
        agenda.began(commit)
        drift.pause()
        let pass = EnvironmentPass(
            environment: environment, context: context, repository: repository, cluster: cluster, feed: feed,
            start: .init(id: PassID.make(context.time.random), reason: reason.rawValue, commit: commit),
            leavesAlone: Set(damper.left(context.time.now()).keys))
        loop.start { [send = loop.send] in send(.passEnded(await pass.run())) }
    }

    private mutating func take(_ signal: Signal, _ loop: inout SignalLoop<Signal>) {
        switch signal {
        case .alarm: break
        case .branch(.tip(let tip)): agenda.moved(to: tip)
        case .branch(.missing(let error)):
            context.tell(.branchMissing(environment: environment.name, error))
        case .hint: agenda.hinted()
        case .requested: isWanted = true
        case .unwatched(let error):
            if !isUnwatched { context.tell(.unwatched(environment: environment.name, error)) }
            isUnwatched = true
            agenda.resync(every: context.settings.unwatchedInterval, context.time.now(), chance: context.time.random())
        case .watched:
            if isUnwatched { context.tell(.watched(environment: environment.name)) }
            isUnwatched = false
            agenda.resync(every: context.settings.resyncInterval, context.time.now(), chance: context.time.random())
        case .drift: lookAtDrift(&loop)
        case .driftTold: if !correcting.isEmpty { agenda.asked(.drift) }
        case .passEnded(let pass): ended(pass)
        }
    }

    private mutating func ended(_ pass: FinishedPass) {
        if pass.summary.report?.revert?.commit != nil { poll() }
        agenda.ended(pass.end, context.time.now(), chance: context.time.random())
        if case .failed = pass.end, let retry = agenda.retry {
            context.tell(
                .retrying(
                    environment: environment.name, after: retry - context.time.now(), failures: agenda.failures))
        }
        let fixed = pass.proven.intersection(correcting)
        if !fixed.isEmpty {
            context.tell(.driftCorrected(environment: environment.name, apps: fixed.sorted()))
        }
        correcting = []
        guard let left = pass.left else { return }
        for app in told.keys where !pass.drifted.contains(app) { told[app] = nil }
        drift.expect(left.plan, written: pass.written, refused: left.refused)
    }

    /// What the watch has found is put right, told, or left, app by app.
    private mutating func lookAtDrift(_ loop: inout SignalLoop<Signal>) {
        guard !agenda.isRunning else { return }
        if drift.isUnblocked {
            agenda.asked(.retry)
            return contest([:])
        }
        let findings = drift.findings
        let now = context.time.now()
        var news: [DriftInquiry.Question] = []
        let before = contested
        var contested: [String: ContinuousClock.Instant] = [:]
        for (app, finding) in findings.sorted(by: { $0.key < $1.key }) where !correcting.contains(app) {
            if environment.drift == .correct || !finding.isOnlyDrift {
                switch damper.drifted(app, now) {
                case .correct: correcting.insert(app)
                case .leave(let until): contested[app] = until
                }
            }
            let isNewlyContested = contested[app] != nil && before[app] == nil
            if correcting.contains(app) || isNewlyContested || told[app] != finding {
                news.append(
                    .init(
                        app: app, finding: finding, isCorrected: correcting.contains(app),
                        isContested: contested[app] != nil))
            }
            told[app] = finding
        }
        for app in told.keys where findings[app] == nil { told[app] = nil }
        contest(contested)
        guard !news.isEmpty else { return }
        // Who it was can only be asked before it is put right.
        let inquiry = DriftInquiry(environment: environment, cluster: cluster)
        let (tell, name) = (context.tell, environment.name)
        loop.start { [send = loop.send, news] in
            tell(.driftFound(environment: name, await inquiry.ask(news)))
            send(.driftTold)
        }
    }

    private mutating func contest(_ apps: [String: ContinuousClock.Instant]) {
        guard contested != apps else { return }
        contested = apps
        context.tell(.driftContested(environment: environment.name, apps: apps))
    }
}
