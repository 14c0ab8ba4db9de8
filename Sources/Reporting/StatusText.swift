import FoundationEssentials

/// The environments side by side: one row an app, and for each environment the version that runs, its ready pods, the state,
/// since when, and the last failure where there is one. What is not as it should be is explained below, a line each.
public enum StatusText {
    /// How wide a table may be where the output is no terminal.
    private static let defaultColumns = 132

    /// - Parameter now: what ages are counted to.
    public static func render(_ report: StatusReport, style: TextStyle, now: Date = Date()) -> String {
        var text = ""
        for environment in report.environments { text += head(environment, style: style) }
        let readable = report.environments.filter { $0.error == nil }
        for block in blocks(readable, columns: style.terminal?.columns ?? defaultColumns, now) {
            text += "\n" + table(block, now).render(coloured: style.isColoured)
        }
        let details = readable.flatMap { environment in environment.apps.compactMap { detail($0, environment, style) } }
        return text + (details.isEmpty ? "" : "\n" + details.joined())
    }

    private static func head(_ environment: EnvironmentStatus, style: TextStyle) -> String {
        var text = ""
        if let error = environment.error {
            text += "\(environment.environment) \(style.paint("cannot be read", .red)): \(error.code): "
            text += printable(error.message) + "\n"
            if let hint = error.hint { text += "  hint: \(printable(hint))\n" }
        } else if let commit = environment.commit {
            let branch = environment.branch ?? environment.environment
            text += commitLine(commit, environment: environment.environment, branch: branch, style: style)
        }
        return text + environment.notes.map { "note: \(printable($0))\n" }.joined()
    }

    /// As many environments beside each other as fit.
    private static func blocks(_ environments: [EnvironmentStatus], columns: Int, _ now: Date) -> [[EnvironmentStatus]]
    {
        var blocks: [[EnvironmentStatus]] = []
        for environment in environments {
            if let last = blocks.last, table(last + [environment], now).width <= columns {
                blocks[blocks.count - 1].append(environment)
            } else {
                blocks.append([environment])
            }
        }
        return blocks
    }

    private static func table(_ environments: [EnvironmentStatus], _ now: Date) -> TextTable {
        var order: [String] = []
        var seen: Set<String> = []
        for app in environments.flatMap(\.apps) where seen.insert(app.app).inserted { order.append(app.app) }
        let groups = environments.map { Group($0, now) }
        var table = TextTable([.init("APP")] + groups.flatMap(\.heading))
        for name in order { table.add([.init(name)] + groups.flatMap { $0.cells(name) }) }
        return table
    }

    /// The columns of one environment.
    private struct Group {
        let name: String
        let apps: [String: AppStatus]
        /// Most of the time nothing has failed, and the column is wide.
        let hasFailures: Bool
        let now: Date

        init(_ environment: EnvironmentStatus, _ now: Date) {
            name = environment.environment
            apps = Dictionary(environment.apps.map { ($0.app, $0) }, uniquingKeysWith: { first, _ in first })
            hasFailures = environment.apps.contains { $0.lastFailure != nil }
            self.now = now
        }

        var heading: [TextTable.Cell] { row(.init(name), "", "", "SINCE", "LAST FAILURE") }

        func cells(_ app: String) -> [TextTable.Cell] {
            guard let app = apps[app] else { return row("-", "", "", "", "") }
            return row(
                .init(app.running.map(shortVersion) ?? "-"),
                .init(app.pods.map { "\($0.ready)/\($0.replicas)" } ?? ""),
                .init(app.state.rawValue, app.state.colour),
                .init(app.since.map { AgeText.format(since: $0, now: now) } ?? "-"),
                app.lastFailure.map { .init(text(of: $0), .red) } ?? "-")
        }

        private func text(of failure: AppStatus.LastFailure) -> String {
            let age = AgeText.format(since: failure.at, now: now)
            return "\(shortVersion(failure.version)) \(printable(failure.code)) \(age)"
                + (failure.quarantined ? " quarantined" : "")
        }

        /// The first cells stand closer to each other than to the rest.
        private func row(
            _ version: TextTable.Cell, _ ready: TextTable.Cell, _ state: TextTable.Cell, _ since: TextTable.Cell,
            _ failure: TextTable.Cell
        ) -> [TextTable.Cell] {
            var cells = [version, ready, state, since] + (hasFailures ? [failure] : [])
            for index in 0..<3 { cells[index].gap = 1 }
            return cells
        }
    }

    private static func detail(_ app: AppStatus, _ environment: EnvironmentStatus, _ style: TextStyle) -> String? {
        guard app.state != .ok else { return nil }
        let word = style.paint(app.state.rawValue, app.state.colour)
        var text = "\(environment.environment) \(app.app) \(word): "
        switch app.state {
        case .ok, .pending, .drifted: text += wish(app)
        case .rolling: text += [wish(app), app.waitingFor.map(printable) ?? ""].joined(separator: "; waiting for ")
        case .failed, .missing, .refused: text += app.failure.map(failureText) ?? wish(app)
        }
        text += "\n"
        if let hint = app.failure?.hint { text += "  hint: \(printable(hint))\n" }
        if let failure = app.lastFailure, failure.quarantined {
            text += "  not tried again: it failed in deployment \(failure.deployment): \(printable(failure.code)): "
            text += "\(printable(failure.message))\n"
            text += "  hint: push a version that works, or run descry apply \(environment.environment) --retry\n"
        }
        return text
    }

    private static func wish(_ app: AppStatus) -> String {
        if app.running == app.wanted { return shortVersion(app.wanted) }
        return "\(app.running.map(shortVersion) ?? "?") → \(shortVersion(app.wanted))"
    }
}

extension AppStatus.State {
    var colour: TerminalColour {
        switch self {
        case .ok: .green
        case .rolling, .pending, .drifted: .yellow
        case .failed, .missing, .refused: .red
        }
    }
}
