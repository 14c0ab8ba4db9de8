import Descriptors
import Documents
import FoundationEssentials
import Reporting
import Workloads

/// May this app's version be promoted? Judged by what one environment runs, by what both have deployed before, and by what the other
/// one's descriptor says.
struct PromotionCheck: Sendable {
    /// For one app.
    struct Result: Sendable {
        /// Nil where something speaks against it, or nothing is to be done.
        var version: AppVersion?
        var reason = ChosenVersions.Reason()
        var notes: [String] = []
        var problems: [Diagnostic] = []
    }

    private let choice: PromotionChoice
    /// The other environment's descriptor, in messages.
    private let file: String
    private let states: [String: AppStatus]

    init(_ choice: PromotionChoice, file: String) {
        self.choice = choice
        self.file = file
        states = Dictionary(
            choice.source.status.apps.map { ($0.app, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private var source: String { choice.source.status.environment }
    private var target: String { choice.target.environment }

    /// - Parameters:
    ///   - candidate: the app as the first environment has it.
    ///   - place: the app as the second one has it.
    func judge(_ candidate: App, for place: App) async throws -> Result {
        var result = Result()
        let isAllowed = choice.target.channels.contains(candidate.version.channel)
        if isAllowed, candidate.version == place.version { return result }
        let release = isAllowed ? nil : search(candidate, place)
        if let release, case .proven(let version, _, _) = release, version == place.version {
            return already(version, candidate)
        }
        if let release, case .known(let version) = release, version == place.version {
            return already(version, candidate)
        }
        let proof = prove(candidate, &result, place)
        guard let version = choose(candidate, release, &result, place) else { return result }
        if release == nil {
            result.reason.proof = proof
        } else {
            result.reason.insteadOf = candidate.version
        }
        checkQuarantine(version, place, &result)
        try await checkOrder(version, place, &result)
        if result.problems.isEmpty { result.version = version }
        return result
    }

    private func already(_ version: AppVersion, _ candidate: App) -> Result {
        Result(notes: [
            "\(candidate.name): \(target) has \(AppVersion.short(version.text)) already, the release of "
                + "\(AppVersion.short(candidate.version.text)) that \(source) runs"
        ])
    }

    private func problem(_ code: String, _ app: App, _ message: String, hint: String?) -> Diagnostic {
        Diagnostic(
            code: code, message: "\(app.name): \(message)", hint: hint, file: file, position: app.versionPosition)
    }
}

// What the first environment says for the version.
extension PromotionCheck {
    /// The version runs there now, and well, the last deployment of it has proven it, and long enough ago.
    private func prove(_ candidate: App, _ result: inout Result, _ place: App) -> ChangeReport.Proof? {
        let (version, key) = (candidate.version.text, candidate.key.description)
        if case .failed(let deployment, let app) = choice.sourceHistory.standing(of: version, for: key) {
            result.problems.append(quarantine(place, version, source, deployment, app, hint: "Promote one that works"))
            return nil
        }
        let hint = "Deploy it to \(source) with `descry apply \(source)`, which stays until it is proven"
        if let reason = reasonAgainstRunning(candidate) {
            result.problems.append(
                problem("not-proven", place, "\(version) is not proven in \(source): \(reason)", hint: hint))
            return nil
        }
        let uid = choice.source.uids[candidate.key] ?? ""
        guard let last = choice.sourceHistory.last(of: key, to: version), last.app.uid == uid,
            last.deployment.proves(last.app), !lacksCheck(last.deployment),
            let since = choice.sourceHistory.provenSince(of: key, uid: uid, version: version)
        else {
            result.problems.append(
                problem(
                    "not-proven", place,
                    "\(version) runs in \(source), and is not proven: \(reasonAgainstHistory(key, version, uid))",
                    hint: "`descry set \(target) \(place.name)=\(version)` deploys it all the same"))
            return nil
        }
        if let soak = choice.request.soak {
            // Another machine's clock may be ahead.
            let age = Duration.seconds(max(0, Int64(choice.now.timeIntervalSince(since))))
            if age < soak {
                let ages = (DurationText.format(age), DurationText.format(soak), DurationText.format(soak - age))
                result.problems.append(
                    problem(
                        "soaking", place,
                        "\(version) has been proven in \(source) for \(ages.0), and has to be for \(ages.1)",
                        hint: "Try again in \(ages.2)"))
            }
        }
        return ChangeReport.Proof(
            environment: source, deployment: last.deployment.number, commit: last.deployment.commit.id, since: since)
    }

    private func reasonAgainstRunning(_ candidate: App) -> String? {
        guard let status = states[candidate.name] else { return "nothing is known of it" }
        let running = status.running.map { "\($0) runs" } ?? "nothing runs"
        return switch status.state {
        case .ok: status.running == candidate.version.text ? nil : running
        case .rolling: "it is being rolled out, \(status.waitingFor ?? "and has not ended")"
        case .pending, .waiting: "it is not deployed, \(running)"
        case .drifted: "somebody has changed it since it was deployed, \(running)"
        case .failed, .missing, .refused: status.failure.map { "\($0.code): \($0.message)" } ?? status.state.rawValue
        }
    }

    /// Another app of it failed, so that it never came to the check.
    private func lacksCheck(_ deployment: Deployment) -> Bool {
        choice.verifies && deployment.verification == nil && deployment.outcome != .proven
    }

    private func reasonAgainstHistory(_ workload: String, _ version: String, _ uid: String) -> String {
        guard let last = choice.sourceHistory.last(of: workload, to: version) else {
            return "no deployment in its history has brought it"
        }
        if last.app.uid != uid { return "the workload was made anew since deployment \(last.deployment.number)" }
        let outcome = (last.app.outcome?.rawValue ?? last.deployment.outcome.rawValue)
        let check =
            lacksCheck(last.deployment)
            ? ", without the check that follows when all went well"
            : last.deployment.verification?.outcome == .failed ? ", and the check after it failed" : ""
        return "deployment \(last.deployment.number), the last one of it, ended as \(outcome)\(check)"
    }
}

// What the second environment says against it.
extension PromotionCheck {
    private func search(_ candidate: App, _ place: App) -> ReleaseSearch {
        var places = [
            ReleaseSearch.Place(
                environment: source, history: choice.sourceHistory, workload: candidate.key.description)
        ]
        if let history = choice.targetHistory {
            places.append(.init(environment: target, history: history, workload: place.key.description))
        }
        func search(_ written: [AppVersion]) -> ReleaseSearch {
            ReleaseSearch(of: candidate.version, channels: choice.target.channels, in: places, written: written)
        }
        let known = search([place.version])
        // What git has named and nobody has deployed is the last thing to ask: it makes nothing ambiguous that was clear.
        guard case .unknown = known else { return known }
        return search([place.version] + choice.past[place.name])
    }

    /// The version to take: the one that runs, or its release.
    private func choose(
        _ candidate: App, _ release: ReleaseSearch?, _ result: inout Result, _ place: App
    ) -> AppVersion? {
        let channels = choice.target.channels.map(\.rawValue).sorted().joined(separator: " or ")
        let numbers = "\(candidate.version.major).\(candidate.version.minor).\(candidate.version.patch)"
        let lacks = "\(target) runs \(channels) versions only, and \(source) runs \(candidate.version)"
        switch release {
        case nil: return candidate.version
        case .proven(let version, let deployment, let environment):
            result.reason.proof = ChangeReport.Proof(
                environment: environment, deployment: deployment.number, commit: deployment.commit.id,
                since: deployment.finishedAt ?? deployment.startedAt)
            return version
        case .known(let version):
            result.problems.append(
                problem(
                    "release-not-proven", place,
                    "\(lacks); its \(channels) is \(version), which was proven neither in \(source) nor in \(target)",
                    hint: "Deploy it to \(source) first, or say so: descry set \(target) \(place.name)=\(version)"))
        case .ambiguous(let versions):
            let names = versions.map(\.text).joined(separator: " and ")
            result.problems.append(
                problem(
                    "release-ambiguous", place, "\(lacks), of which several were built: \(names)",
                    hint: "Say which one: descry set \(target) \(place.name)=VERSION"))
        case .unknown:
            result.problems.append(
                problem(
                    "release-unknown", place,
                    "\(lacks); no \(channels) of \(numbers) is in the history of either, nor was named on their branches",
                    hint: "Build it, deploy it to \(source), and promote it; or name it: descry set \(target) "
                        + "\(place.name)=\(numbers)-\(channels)-SHA"))
        }
        return nil
    }

    private func checkQuarantine(_ version: AppVersion, _ place: App, _ result: inout Result) {
        guard !choice.request.retries, let history = choice.targetHistory,
            case .failed(let deployment, let app) = history.standing(of: version.text, for: place.key.description)
        else { return }
        result.problems.append(
            quarantine(
                place, version.text, target, deployment, app,
                hint: "Promote one that works, or use --retry where the cause is mended"))
    }

    private func quarantine(
        _ place: App, _ version: String, _ environment: String, _ deployment: Deployment, _ app: Deployment.App,
        hint: String
    ) -> Diagnostic {
        problem(
            "quarantined", place,
            "\(version) failed in \(environment), in deployment \(deployment.number): \(deployment.reason(of: app))",
            hint: hint)
    }

    private func checkOrder(_ version: AppVersion, _ place: App, _ result: inout Result) async throws {
        guard !choice.request.allowsDowngrade else { return }
        let order = try await VersionOrder(
            from: place.version, to: version, app: place.name, lineage: choice.lineage)
        switch order {
        case .forward: return
        case .backward:
            result.problems.append(
                problem(
                    "downgrade", place, "\(version) is older than \(place.version), which \(target) has",
                    hint: "Use --allow-downgrade where that is meant"))
        case .unknown(let reason):
            result.problems.append(
                problem(
                    "order-unknown", place,
                    "whether \(version) is newer than \(place.version), which \(target) has, cannot be told: \(reason)",
                    hint: "Name the app's source by --source-repo, or use --allow-downgrade"))
        }
    }
}
