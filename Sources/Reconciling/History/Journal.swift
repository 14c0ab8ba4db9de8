import Descriptors
import FoundationEssentials
import Kubernetes
import Planning
import Reporting

/// The history's entry for one pass, from before its first patch to its end.
struct Journal: Sendable {
    let store: HistoryStore
    let runner: Deployment.Runner
    /// SHA-256 of the descriptor's bytes, hex.
    let descriptor: String
    /// Nil where nothing is to be changed, or the token may not keep a history.
    private var entry: HistoryStore.Entry?
    /// What an earlier pass that was killed had set out to change.
    private(set) var interrupted = EarlierApps()
    /// Those of it that the descriptor no longer names, and that have to go back.
    private(set) var abandoned: [PlannedApp] = []
    /// As it was when the pass began; nil where the token may not read it.
    private(set) var history: DeploymentHistory?
    /// The history has an entry for the pass.
    var isRecording: Bool { entry != nil }

    /// The commits that passes before this one had begun, and that this one takes the place of.
    private(set) var superseded: [SyncReport.Commit] = []

    private let environment: Environment
    private let reader: WorkloadReader
    private let verifies: Bool
    private let proves: Bool
    private let override: Deployment.Override?
    private let corrects: Bool

    /// - Parameters:
    ///   - proves: the pass waits for what it writes.
    ///   - override: what a person has put aside for it.
    ///   - corrects: it only puts right what somebody else has changed.
    init(
        cluster: KubernetesClient, environment: Environment, runner: Deployment.Runner, descriptor: String,
        proves: Bool, override: Deployment.Override? = nil, corrects: Bool = false
    ) {
        self.corrects = corrects
        self.proves = proves
        self.override = override
        self.environment = environment
        reader = WorkloadReader(cluster: cluster, namespace: environment.namespace)
        store = HistoryStore(cluster: cluster, environment: environment)
        verifies = environment.verify != nil
        self.runner = runner
        self.descriptor = descriptor
    }

    /// Writes what the pass is about to do and what it sets out from. Where nothing is to be done, a deployment that was killed
    /// after its last patch is the one that ends by this pass.
    ///
    /// - Parameters:
    ///   - plan: gets to roll out, besides, what a pass that did not come to its end had set out to change, so that all of it is
    ///     proven, or taken back, together.
    ///   - retries: a person says that what failed before is to be tried again.
    ///   - accepting: what later commits are compared with from now on; nil leaves that as it is.
    ///   - isNews: that is another than the history has; where no deployment is recorded, it has to be recorded by itself.
    /// - Returns: why nothing is to be written to the cluster at all; nil to go on.
    /// - Throws: `KubernetesError`.
    mutating func begin(
        _ plan: inout Plan, _ commit: SyncReport.Commit, retries: Bool, accepting: AcceptedCommit?, isNews: Bool,
        _ note: (String) -> Void
    ) async throws -> Quarantine? {
        let isNeeded = plan.apps.contains(where: \.isRolledOut)
        let reverts = environment.rollout.onFailure.reverts
        guard var history = try await store.read(.asNeeded) else {
            if isNeeded { note(HistoryStore.missing(store.environment)) }
            return nil
        }
        if retries, reverts { history = try await store.forgive(in: history) }
        self.history = history
        superseded = history.unfinished(by: runner, besides: commit.id)
        var earlier = EarlierApps()
        var carried: [Deployment.App] = []
        if !retries, let failed = history.quarantine(plan, descriptor: descriptor, byVersion: reverts) { return failed }
        if let last = history.last {
            if proves { earlier = EarlierApps(last.unchecked(plan)) }
            if [.running, .interrupted, .preempted].contains(last.outcome) {
                let gone = try await AbandonedApp.all(of: last, besides: plan, environment.name, reader)
                if !verifies, last.isComplete(plan), gone.allSatisfy(\.isComplete) {
                    if !isNeeded, last.isWhole(in: plan) { entry = .init(deployment: last, history: history) }
                } else {
                    interrupted = EarlierApps(last.apps)
                    earlier = interrupted
                    carried = abandon(gone.filter(\.isTouched), plan, last, note)
                    note("deployment \(last.number) (commit \(last.commit.shortID)) did not end; going on from it")
                }
            }
            plan.rollOut(Set(plan.apps.filter { earlier.before($0) != nil }.map(\.key)))
        }
        let apps =
            plan.apps.filter { $0.isChanged || earlier.before($0) != nil }.map {
                Deployment.App($0, before: earlier.before($0) ?? Deployment.Before($0))
            } + carried
        guard !apps.isEmpty else {
            if isNews, entry == nil, let accepting, history.accepted != accepting {
                _ = try await store.accept(accepting, in: history)
            }
            return nil
        }
        var deployment = Deployment(
            number: 0, commit: commit, descriptor: descriptor, startedAt: Date(), outcome: .running, by: runner,
            apps: apps)
        deployment.override = override
        if corrects { deployment.isCorrection = true }
        entry = try await store.record(deployment, accepting: accepting, in: history)
        if entry == nil { note(HistoryStore.missing(store.environment)) }
        return nil
    }

    /// Takes care of what a deployment has left behind that the descriptor no longer names.
    ///
    /// - Returns: the entries of those that go back, so that whoever comes after this pass knows them too.
    private mutating func abandon(
        _ apps: [AbandonedApp], _ plan: Plan, _ last: Deployment, _ note: (String) -> Void
    ) -> [Deployment.App] {
        let names = Set(plan.apps.map(\.app.name))
        var carried: [Deployment.App] = []
        for app in apps {
            // A report knows an app by its name alone, and that is another workload's now.
            if proves, environment.rollout.onFailure.rollsBack, !names.contains(app.entry.app),
                let planned = app.planned
            {
                abandoned.append(planned)
                carried.append(app.entry.unfinished)
            } else {
                note(
                    "\(app.entry.workload) is no longer in the descriptor, and is left as deployment \(last.number) or "
                        + "somebody since has left it")
            }
        }
        return carried
    }

    /// How the end of a pass was recorded.
    struct End: Sendable {
        /// Nil where it is not in the history.
        var entry: HistoryStore.Entry?
        /// Why not, where it should be; the cluster is as the report says all the same.
        var trouble: String?
    }

    /// How long an API server that is away is waited for, to record how a pass ended.
    private static let patience = Duration.seconds(60)

    /// Writes how it ended.
    func end(_ report: SyncReport) async -> End {
        guard let entry else { return End() }
        var deployment = entry.deployment
        deployment.outcome =
            switch report.outcome {
            // With changes that wait, it is what was put right meanwhile that is recorded.
            case .proven, .unchanged, .waiting: .proven
            case .patched: .patched
            case .rolledBack: .rolledBack
            case .preempted: .preempted
            case .failed, .refused, .pending, .validated: .failed
            }
        deployment.finishedAt = Date()
        deployment.verification = report.verification.map {
            Deployment.Verification(
                check: $0.name, outcome: $0.outcome, failureCode: $0.failure?.code, failure: $0.failure.map(Self.text))
        }
        let reports = Dictionary(report.apps.map { ($0.app, $0) }, uniquingKeysWith: { first, _ in first })
        for index in deployment.apps.indices {
            guard let app = reports[deployment.apps[index].app] else { continue }
            // What a pass before this one had written, and this one has proven.
            deployment.apps[index].outcome = app.outcome == .unchanged ? .proven : app.outcome
            deployment.apps[index].failureCode = app.failure?.code
            deployment.apps[index].failure = app.failure.map(Self.text)
        }
        do {
            let stored = try await store.throughOutages(of: Self.patience).unhurried.record(
                deployment, in: entry.history)
            return End(entry: stored, trouble: stored == nil ? HistoryStore.missing(store.environment) : nil)
        } catch let error as KubernetesError {
            return End(trouble: "the end of this deployment is not in the history: \(error.message)")
        } catch {
            return End(trouble: "the end of this deployment is not in the history: \(type(of: error))")
        }
    }

    /// Writes that it was interrupted, although the task is cancelled, within two seconds: whoever interrupts a process waits
    /// for a few seconds only. Where even that fails, the entry says `running`, which the next pass takes the same way.
    func interrupt() async {
        guard var entry else { return }
        entry.deployment.outcome = .interrupted
        entry.deployment.finishedAt = Date()
        let store = store.within(.seconds(2))
        await Task { [entry] in
            do { _ = try await store.record(entry.deployment, in: entry.history) } catch { return }
        }.value
    }

    /// One line of at most 200 characters: a hundred deployments must fit into one ConfigMap.
    private static func text(_ failure: AppReport.Failure) -> String {
        let words = [failure.code, failure.reason, failure.message].compactMap { $0 }.joined(separator: ": ")
        return words.count > 200 ? words.prefix(199) + "…" : words
    }
}
