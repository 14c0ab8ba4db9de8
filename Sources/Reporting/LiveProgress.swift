/// Progress on a terminal: one line an app, drawn again in place whenever something changes.
///
/// Where the apps are more than the terminal has rows, finished ones give way to those under way, and a last line counts
/// the rest. Pure: it returns what to write, so that a test can read it.
public struct LiveProgress: Sendable {
    private let style: TextStyle
    private let terminal: TextStyle.Terminal
    private var order: [String] = []
    private var apps: [String: AppProgress] = [:]
    /// The last line, once there is one.
    private var verification: VerificationProgress?
    private var drawnLines = 0

    public init(style: TextStyle, terminal: TextStyle.Terminal) {
        self.style = style
        self.terminal = terminal
    }

    /// The text to write for the event, cursor movements included.
    public mutating func render(_ event: ProgressEvent) -> String {
        switch event {
        case .commit(let commit, let environment, let branch):
            return aboveTheTable(commitLine(commit, environment: environment, branch: branch, style: style))
        case .superseded:
            return ""  // a note says what it is gone on from
        case .reverted:
            return ""  // the end has it
        case .note(let note):
            return aboveTheTable("note: \(printable(note))\n")
        case .planned(let planned):
            for progress in planned { remember(progress) }
            return redraw()
        case .app(let progress):
            remember(progress)
            return redraw()
        case .verification(let progress):
            verification = progress
            return redraw()
        }
    }

    private mutating func remember(_ progress: AppProgress) {
        if apps.updateValue(progress, forKey: progress.app) == nil { order.append(progress.app) }
    }

    private mutating func aboveTheTable(_ line: String) -> String {
        let erase = eraseTable
        drawnLines = 0
        return erase + line + redraw()
    }

    private var eraseTable: String { drawnLines == 0 ? "" : "\u{1B}[\(drawnLines)A\u{1B}[J" }

    private mutating func redraw() -> String {
        let erase = eraseTable
        let lines = tableLines() + (verification.map { [line($0)] } ?? [])
        drawnLines = lines.count
        return erase + lines.map { $0 + "\n" }.joined()
    }

    private func tableLines() -> [String] {
        let all = order.compactMap { apps[$0] }
        let room = max(1, terminal.rows - (verification == nil ? 2 : 3))
        guard all.count > room else { return all.map(line) }
        let underWay = all.filter { !$0.isFinished }.prefix(room - 1)
        let failed = all.filter(\.isFailed).prefix(room - 1 - underWay.count)
        let finished = all.count { $0.isFinished }
        return (failed + underWay).map(line) + ["… \(finished) of \(all.count) apps finished"]
    }

    private func line(_ progress: AppProgress) -> String {
        let nameWidth = min(32, order.map(\.count).max() ?? 0)
        let name = progress.app + String(repeating: " ", count: max(0, nameWidth - progress.app.count))
        return fitted { "\(name)  \(progress.arrow)  \(stateText(progress, style: $0))" }
    }

    private func line(_ progress: VerificationProgress) -> String {
        fitted { String(verificationLine(progress, style: $0).dropLast()) }
    }

    /// In colours where it fits on a line, else cut.
    private func fitted(_ text: (TextStyle) -> String) -> String {
        let uncoloured = text(.plain)
        guard uncoloured.count < terminal.columns else { return String(uncoloured.prefix(terminal.columns - 2)) + "…" }
        return text(style)
    }
}

extension AppProgress {
    var isFailed: Bool {
        if case .failed = state { return true }
        return false
    }

    var isFinished: Bool {
        switch state {
        case .waiting, .rolling, .rollingBack: false
        case .patched, .validated, .proven, .rolledBack, .failed: true
        }
    }
}
