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
        let columns = style.terminal?.columns ?? defaultColumns
        let breadth = Breadth.allCases.first { table(readable, now, $0).width <= columns } ?? .full
        for block in blocks(readable, columns: columns, now, breadth) {
            text += "\n" + table(block, now, breadth).render(coloured: style.isColoured)
        }
        let details = readable.flatMap { environment in
            environment.apps.compactMap { detail($0, environment, style) }
                + (breadth == .full ? [] : environment.apps.compactMap { lastFailure($0, environment, style, now) })
        }
        return text + (details.isEmpty ? "" : "\n" + details.joined())
    }

    /// To see the environments side by side is worth more than the columns that come last.
    private enum Breadth: CaseIterable {
        case full
        case withoutFailures
        case versionsAlone
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
        for hold in environment.waitingFor ?? [] {
            text += "\(environment.environment) \(style.paint("waits", .yellow)): \(printable(hold.message))\n"
        }
        return text + environment.notes.map { "note: \(printable($0))\n" }.joined()
    }

    /// As many environments beside each other as fit.
    private static func blocks(
        _ environments: [EnvironmentStatus], columns: Int, _ now: Date, _ breadth: Breadth
    ) -> [[EnvironmentStatus]] {
        var blocks: [[EnvironmentStatus]] = []
        for environment in environments {
            if let last = blocks.last, table(last + [environment], now, breadth).width <= columns {
                blocks[blocks.count - 1].append(environment)
            } else {
                blocks.append([environment])
            }
        }
        return blocks
    }

    private static func table(_ environments: [EnvironmentStatus], _ now: Date, _ breadth: Breadth) -> TextTable {
        var order: [String] = []
        var seen: Set<String> = []
        for app in environments.flatMap(\.apps) where seen.insert(app.app).inserted { order.append(app.app) }
        let groups = environments.map { Group($0, now, breadth) }
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
        let hasAges: Bool
        let now: Date

        init(_ environment: EnvironmentStatus, _ now: Date, _ breadth: Breadth) {
            name = environment.environment
            apps = Dictionary(environment.apps.map { ($0.app, $0) }, uniquingKeysWith: { first, _ in first })
            hasFailures = breadth == .full && environment.apps.contains { $0.lastFailure != nil }
            hasAges = breadth != .versionsAlone
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
                app.lastFailure.map { .init(StatusText.text(of: $0, now), .red) } ?? "-")
        }

        /// The first cells stand closer to each other than to the rest.
        private func row(
            _ version: TextTable.Cell, _ ready: TextTable.Cell, _ state: TextTable.Cell, _ since: TextTable.Cell,
            _ failure: TextTable.Cell
        ) -> [TextTable.Cell] {
            var cells = [version, ready, state] + (hasAges ? [since] : []) + (hasFailures ? [failure] : [])
            for index in 0..<(hasAges ? 3 : 2) { cells[index].gap = 1 }
            return cells
        }
    }

    private static func text(of failure: AppStatus.LastFailure, _ now: Date) -> String {
        let age = AgeText.format(since: failure.at, now: now)
        return "\(shortVersion(failure.version)) \(printable(failure.code)) \(age)"
            + (failure.quarantined ? " quarantined" : "")
    }

    /// Where the table has no room for it.
    private static func lastFailure(
        _ app: AppStatus, _ environment: EnvironmentStatus, _ style: TextStyle, _ now: Date
    ) -> String? {
        guard let failure = app.lastFailure else { return nil }
        return "\(environment.environment) \(app.app) \(style.paint("last failure", .red)): \(text(of: failure, now))\n"
    }

    private static func detail(_ app: AppStatus, _ environment: EnvironmentStatus, _ style: TextStyle) -> String? {
        guard app.state != .ok else { return nil }
        let word = style.paint(app.state.rawValue, app.state.colour)
        var text = "\(environment.environment) \(app.app) \(word): "
        switch app.state {
        case .ok, .pending, .waiting, .drifted: text += wish(app)
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
        case .rolling, .pending, .waiting, .drifted: .yellow
        case .failed, .missing, .refused: .red
        }
    }
}
