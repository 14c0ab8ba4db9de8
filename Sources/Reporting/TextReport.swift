/// A finished pass as text: for `plan` a table of what would change, for `apply` the failures and one summary line.
public enum TextReport {
    public static func render(_ report: SyncReport, style: TextStyle) -> String {
        switch report.command {
        case .plan: planText(report, style: style)
        case .apply: applyText(report, style: style)
        }
    }

    private static func planText(_ report: SyncReport, style: TextStyle) -> String {
        var text = ""
        if let commit = report.commit {
            text += commitLine(commit, environment: report.environment, branch: report.branch, style: style)
        }
        text += report.notes.map { "note: \(printable($0))\n" }.joined() + holds(report, style: style)
        var table = TextTable("APP", "WORKLOAD", "FROM", "TO", "WAVE", "CHANGE")
        for app in report.apps where app.outcome != .unchanged && app.outcome != .refused {
            let reasons = orderedReasons(app.changes)
            table.add(
                .init(app.app), .init(app.workload), .init(app.from.map(shortVersion) ?? "-"),
                .init(shortVersion(app.to)), .init(app.wave.map(String.init) ?? "-"),
                .init(reasons.joined(separator: ", "), .yellow))
        }
        if !table.isEmpty { text += table.render(coloured: style.isColoured) }
        text += appNotes(report) + failures(report, style: style)
        return text + planSummary(report, style: style)
    }

    private static func applyText(_ report: SyncReport, style: TextStyle) -> String {
        let drifted = report.apps.filter { $0.outcome == .drifted }.map {
            "\($0.app): changed by someone else and left so (drift: report): "
                + $0.changes.map(changeText).joined(separator: "; ") + "\n"
        }
        return drifted.joined() + appNotes(report) + failures(report, style: style)
            + (report.verification?.failureText(style: style) ?? "")
            + rollbackFailures(report, style: style) + revert(report) + holds(report, style: style)
            + applySummary(report, style: style)
    }

    private static func appNotes(_ report: SyncReport) -> String {
        report.apps.flatMap { app in app.notes.map { "\(app.app): \(printable($0))\n" } }.joined()
    }

    private static func changeText(_ change: AppReport.Change) -> String {
        "\(change.field): \(printable(change.from ?? "(absent)")) → \(printable(change.to))"
    }

    private static func orderedReasons(_ changes: [AppReport.Change]) -> [String] {
        var seen: Set<String> = []
        let reasons = changes.map(\.reason).filter { seen.insert($0).inserted }
        // Every other change writes the annotations too.
        return reasons.count > 1 ? reasons.filter { $0 != "annotation" } : reasons
    }

    private static func failures(_ report: SyncReport, style: TextStyle) -> String {
        var text = ""
        for app in report.apps {
            guard let failure = app.failure else { continue }
            text += style.paint("\(app.app) (\(app.workload))", .red) + ": \(failureText(failure))\n"
            // What ran when it failed says nothing once it is back.
            if let running = app.running, !running.isEmpty, app.rollback?.outcome != .proven {
                text += "  running: \(running.map(printable).joined(separator: ", "))\n"
            }
            if let hint = failure.hint { text += "  hint: \(printable(hint))\n" }
        }
        return text
    }

    /// Only what is not as before needs words.
    private static func rollbackFailures(_ report: SyncReport, style: TextStyle) -> String {
        var text = ""
        for app in report.apps {
            guard let rollback = app.rollback, case .failed(let failure) = rollback.outcome else { continue }
            let version = rollback.to.map { " to \(shortVersion($0))" } ?? ""
            text +=
                style.paint("\(app.app) (\(app.workload)) is not back\(version)", .red) + ": \(failureText(failure))\n"
            if let hint = failure.hint { text += "  hint: \(printable(hint))\n" }
        }
        return text
    }

    private static func revert(_ report: SyncReport) -> String {
        (report.revert?.lines(of: report.environment) ?? []).map { printable($0) + "\n" }.joined()
    }

    private static func planSummary(_ report: SyncReport, style: TextStyle) -> String {
        let changing = report.apps.count { [.pending, .waiting, .validated, .drifted].contains($0.outcome) }
        let refused = report.apps.count { $0.failure != nil }
        if report.outcome == .refused || refused > 0 {
            return style.paint("refused", .red)
                + ": \(counted(refused, "app")) cannot be deployed; nothing was changed\n"
        }
        let unchanged = report.apps.count - changing
        if changing == 0 { return style.paint("no changes", .green) + ": \(counted(unchanged, "app")) as described\n" }
        let validated = report.outcome == .validated ? ", accepted by the API server" : ""
        let waiting = report.outcome == .waiting ? ", waiting" : ""
        return "\(counted(changing, "app")) to change\(validated)\(waiting), \(unchanged) unchanged\n"
    }

    /// What changes wait for, a line each.
    static func holds(_ report: SyncReport, style: TextStyle) -> String {
        (report.waitingFor ?? []).map {
            "\(report.environment) \(style.paint("waits", .yellow)): \(printable($0.message))\n"
        }.joined()
    }

    private static func applySummary(_ report: SyncReport, style: TextStyle) -> String {
        var counts: [(AppReport.Outcome, Int)] = []
        for outcome in summaryOrder {
            let count = report.apps.count { $0.outcome == outcome }
            if count > 0 { counts.append((outcome, count)) }
        }
        let parts = counts.map { "\($1) \(name(of: $0))" }.joined(separator: ", ")
        let verified = report.verification?.outcome == .passed ? ", verified" : ""
        let took = report.seconds.map(secondsText)
        let outcome = report.outcome == .rolledBack ? "rolled back" : report.outcome.rawValue
        let word = style.paint(outcome, isGood(report.outcome) ? .green : .red)
        return "\(report.environment) \(word): \(parts.isEmpty ? "no apps" : parts)\(verified)"
            + (took.map { " in \($0)" } ?? "") + "\n"
    }

    private static let summaryOrder: [AppReport.Outcome] = [
        .proven, .patched, .validated, .pending, .waiting, .failed, .rolledBack, .preempted, .refused, .notStarted,
        .drifted,
        .unchanged,
    ]

    private static func name(of outcome: AppReport.Outcome) -> String {
        switch outcome {
        case .notStarted: "not started"
        case .rolledBack: "rolled back"
        default: outcome.rawValue
        }
    }

    private static func isGood(_ outcome: SyncReport.Outcome) -> Bool {
        ![.refused, .failed, .rolledBack].contains(outcome)
    }
}

/// `1 app`, `2 apps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
