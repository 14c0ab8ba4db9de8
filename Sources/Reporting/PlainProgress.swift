/// Progress as plain lines, one for each thing that happened: for logs, and wherever the output is no terminal.
public struct PlainProgress: Sendable {
    private var lastLine: [String: String] = [:]
    private var lastVerification = ""
    private let style: TextStyle

    public init(style: TextStyle) { self.style = style }

    /// The text to print for the event; empty where it says nothing new.
    public mutating func render(_ event: ProgressEvent) -> String {
        switch event {
        case .commit(let commit, let environment, let branch):
            return commitLine(commit, environment: environment, branch: branch, style: style)
        case .superseded:
            return ""  // a note says what it is gone on from
        case .reverted:
            return ""  // the end has it
        case .note(let note):
            return "note: \(printable(note))\n"
        case .planned(let apps):
            return apps.isEmpty ? "" : "\(counted(apps.count, "app")) to roll out\n"
        case .app(let progress):
            let line = "\(progress.app): \(progress.arrow): \(stateText(progress, style: style))\n"
            guard lastLine.updateValue(line, forKey: progress.app) != line else { return "" }
            return line
        case .verification(let progress):
            let line = verificationLine(progress, style: style)
            guard lastVerification != line else { return "" }
            lastVerification = line
            return line
        }
    }
}

func commitLine(_ commit: SyncReport.Commit, environment: String, branch: String, style: TextStyle) -> String {
    let what = style.paint(commit.shortID, .yellow)
    let onBranch = branch == environment ? "" : " (branch \(printable(branch)))"
    return "\(environment)\(onBranch) at \(what): \(printable(commit.subject)), by \(printable(commit.author))\n"
}

func stateText(_ progress: AppProgress, style: TextStyle) -> String {
    let pods = progress.pods.map { "\($0.updated)/\($0.replicas) updated, \($0.ready) ready" }
    switch progress.state {
    case .waiting: return style.paint("waiting for its wave", .dim)
    case .rolling(let reason): return [pods, reason].compactMap { $0 }.joined(separator: "; ")
    case .patched: return style.paint("patched", .green)
    case .validated: return style.paint("accepted (dry run)", .green)
    case .proven(let seconds): return style.paint("proven", .green) + " in \(secondsText(seconds))"
    case .rollingBack(let reason):
        return (["rolling back", pods, reason] as [String?]).compactMap { $0 }.joined(separator: "; ")
    case .rolledBack(let seconds): return style.paint("rolled back", .yellow) + " in \(secondsText(seconds))"
    case .failed(let failure):
        // The report at the end has the message too.
        let place = failure.pod.map { ": pod \(printable($0))" } ?? ""
        return style.paint("failed", .red) + ": \(failure.code)\(place)"
            + (failure.reason.map { ": \(printable($0))" } ?? "")
    }
}

/// One line: code, then pod and container where there are any, then the reason and message of whoever knows.
package func failureText(_ failure: AppReport.Failure) -> String {
    var text = failure.code
    if let pod = failure.pod { text += ": pod \(printable(pod))" }
    if let container = failure.container { text += ", container \(printable(container))" }
    if let reason = failure.reason { text += ": \(printable(reason))" }
    return text + ": " + printable(failure.message)
}

/// `0.4 s`, `12.3 s`, `2 m 5 s`.
package func secondsText(_ seconds: Double) -> String {
    if seconds >= 100 { return "\(Int(seconds) / 60) m \(Int(seconds) % 60) s" }
    let tenths = Int((seconds * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
}
