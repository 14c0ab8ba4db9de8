import Git
import Kubernetes
import Logging
import Planning
import Reporting
import Workloads

/// Says what happens in the loop: constant messages with the facts beside them.
public struct LoopLog: Sendable {
    private let logger: Logger

    /// - Parameter logger: its handler adds ``PassID/metadata``, so that every line of a pass can be told from those of others.
    public init(_ logger: Logger) { self.logger = logger }

    public func record(_ event: LoopEvent) {
        switch event {
        case .polled(let remote, let branches):
            logger.debug("Polled", metadata: ["repository": "\(remote)", "branches": "\(branches)"])
        case .pollFailed(let remote, let error):
            logger.warning(
                "A repository could not be polled",
                metadata: ["repository": "\(remote)", "code": "\(error.code)", "reason": "\(error.message)"])
        case .elsewhere(let environment, let holder):
            say(.info, "Another one looks after the environment", environment, ["holder": holder.map { "\($0)" }])
        case .hintPassedOn(let environment, let holder):
            say(.debug, "A hint is passed on to who looks after the environment", environment, ["holder": "\(holder)"])
        case .taken(let environment): say(.info, "Looking after the environment", environment)
        case .left(let environment): say(.info, "No longer looking after the environment", environment)
        case .troubled(let environment, let failure):
            say(.error, "The environment cannot be looked after for now", environment, facts(failure))
        case .branchMissing(let environment, let error):
            say(
                .error, "The branch is not there", environment,
                ["code": "\(error.code)", "reason": "\(error.description)"])
        case .passStarted(let environment, let start):
            say(
                ["resync", "waiting"].contains(start.reason) ? .debug : .info, "Pass begins", environment.name,
                ["commit": "\(start.commit)", "reason": "\(start.reason)"])
        case .changing, .superseded: break
        case .progress(let environment, let progress): record(progress, environment)
        case .passEnded(let environment, let pass): record(pass, environment.name)
        case .retrying(let environment, let pause, let failures):
            say(
                .info, "The pass is made again", environment,
                ["inSeconds": "\(seconds(pause / .seconds(1)))", "failures": "\(failures)"])
        case .driftFound(let environment, let found):
            for drift in found { record(drift, environment) }
        case .driftCorrected(let environment, let apps):
            say(.notice, "Put right what had drifted", environment, ["apps": "\(apps.joined(separator: " "))"])
        case .driftContested(let environment, let apps):
            guard !apps.isEmpty else { return say(.notice, "No app is contested any more", environment) }
            say(
                .error, "Somebody keeps changing apps, so they are left for a while", environment,
                ["apps": "\(apps.keys.sorted().joined(separator: " "))"])
        case .notKept(let environment, let failure):
            say(.warning, "What runs could not be kept as it was deployed last", environment, facts(failure))
        case .unwatched(let environment, let error):
            say(
                .warning, "Workloads cannot be watched: drift is only seen now and then", environment,
                ["code": "\(error.code)", "reason": "\(error.message)"])
        case .watched(let environment): say(.notice, "Workloads are watched again", environment)
        }
    }

    private func record(_ progress: ProgressEvent, _ environment: String) {
        switch progress {
        case .commit(let commit, _, _):
            say(
                .debug, "Read the descriptor", environment,
                ["author": "\(commit.author)", "subject": "\(commit.subject)"])
        case .superseded(let commit):
            say(.debug, "Takes the place of a commit that was not proven", environment, ["unproven": "\(commit.id)"])
        case .note(let note): say(.notice, "Of note", environment, ["note": "\(note)"])
        case .planned(let apps):
            say(.info, "Changing apps", environment, ["apps": "\(apps.map(\.app).joined(separator: " "))"])
        case .verification(let verification):
            record(verification, environment)
        case .reverted(let revert): record(revert, environment)
        case .app(let app):
            var facts: [String: Logger.MetadataValue?] = ["app": "\(app.app)", "to": "\(app.to)"]
            facts["from"] = app.from.map { "\($0)" }
            switch app.state {
            case .waiting, .rolling, .rollingBack, .validated:
                say(.debug, "Rollout goes on", environment, facts)
            case .patched: say(.info, "Patched", environment, facts)
            case .proven(let duration):
                facts["seconds"] = "\(seconds(duration))"
                say(.info, "Proven", environment, facts)
            case .rolledBack(let duration):
                facts["seconds"] = "\(seconds(duration))"
                say(.warning, "Rolled back", environment, facts)
            case .failed(let failure):
                say(.error, "Failed", environment, facts.merging(self.facts(failure)) { $1 })
            }
        }
    }

    private func record(_ revert: RevertReport, _ environment: String) {
        for stopped in revert.stopped {
            say(
                .error, "Reverts of an app have stopped: it comes back again and again", environment,
                ["app": "\(stopped.app)", "reverts": "\(stopped.count)", "words": "\(stopped.line)"])
        }
        var facts: [String: Logger.MetadataValue?] = [:]
        if !revert.apps.isEmpty { facts["apps"] = .array(revert.apps.map { "\($0.app): \($0.from) → \($0.to)" }) }
        if !revert.notes.isEmpty { facts["notes"] = .array(revert.notes.map { "\($0)" }) }
        switch revert.outcome {
        case .committed:
            facts["revert"] = revert.commit.map { "\($0.id)" }
            say(.notice, "Reverted in git", environment, facts)
        case .unchanged: say(.info, "Nothing is left to revert in git", environment, facts)
        case .failed:
            say(
                .error, "Not reverted in git", environment,
                facts.merging(revert.failure.map(self.facts) ?? [:]) { $1 })
        case .stopped: break
        }
    }

    private func record(_ verification: VerificationProgress, _ environment: String) {
        let check: [String: Logger.MetadataValue?] = ["check": "\(verification.target)"]
        switch verification.state {
        case .started: say(.info, "Checking the environment", environment, check)
        case .waiting(let words):
            say(.debug, "The check is not good yet", environment, check.merging(["words": "\(words)"]) { $1 })
        case .passed: say(.info, "The check has passed", environment, check)
        case .failed(let failure):
            say(.error, "The check has failed", environment, check.merging(facts(failure)) { $1 })
        }
    }

    private func record(_ pass: LoopPass, _ environment: String) {
        var facts: [String: Logger.MetadataValue?] = [
            "commit": "\(pass.start.commit)", "seconds": "\(seconds(pass.seconds))",
        ]
        guard let report = pass.report else {
            facts.merge(pass.failure.map(self.facts) ?? [:]) { $1 }
            return say(pass.status == nil ? .info : .error, "Pass ended early", environment, facts)
        }
        facts["outcome"] = "\(report.outcome.rawValue)"
        facts["exitCode"] = report.exitCode.map { "\($0)" }
        let changed = report.apps.filter { $0.outcome != .unchanged }
        if !changed.isEmpty {
            facts["apps"] = .array(changed.prefix(50).map { "\($0.app): \($0.outcome.rawValue)" })
        }
        if let holds = report.waitingFor { facts["waitingFor"] = .array(holds.map { "\($0.message)" }) }
        let failures = report.apps.compactMap { app in app.failure.map { "\(app.app): \($0.code): \($0.message)" } }
        if !failures.isEmpty { facts["failures"] = .array(failures.prefix(20).map { "\($0)" }) }
        let level: Logger.Level =
            switch pass.status {
            case .done where pass.start.reason == "resync" && report.outcome == .unchanged: .debug
            // Told once: the looks that follow find the same.
            case .changesPending where ["resync", "waiting"].contains(pass.start.reason): .debug
            case .changesPending: .notice
            case .done: .info
            default: .error
            }
        say(level, "Pass ended", environment, facts)
    }

    private func record(_ drift: FoundDrift, _ environment: String) {
        var facts: [String: Logger.MetadataValue?] = [
            "app": "\(drift.app)", "workload": "\(drift.workload)", "isCorrected": "\(drift.isCorrected)",
        ]
        if !drift.changes.isEmpty {
            facts["changes"] = .array(drift.changes.map { "\($0.path): \($0.from ?? "absent"), not \($0.to)" })
        }
        facts["problem"] = drift.problem.map { "\($0)" }
        if !drift.writers.isEmpty { facts["by"] = "\(drift.writers.joined(separator: ", "))" }
        say(.warning, "Somebody else has changed an app", environment, facts)
    }

    private func say(
        _ level: Logger.Level, _ message: Logger.Message, _ environment: String,
        _ facts: [String: Logger.MetadataValue?] = [:]
    ) {
        logger.log(
            level: level, message,
            metadata: facts.compactMapValues { $0 }.merging(["environment": "\(environment)"]) { $1 })
    }

    private func facts(_ failure: AppReport.Failure) -> [String: Logger.MetadataValue?] {
        [
            "code": "\(failure.code)", "reason": "\(failure.message)", "hint": failure.hint.map { "\($0)" },
            "pod": failure.pod.map { "\($0)" },
        ]
    }

    /// To the millisecond.
    private func seconds(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
