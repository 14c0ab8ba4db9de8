/// The environments side by side: one row an app, and for each environment the version that runs, its ready pods, and the
/// state. What is not as it should be is explained below, a line each.
public enum StatusText {
    /// How wide a table may be where the output is no terminal.
    private static let defaultColumns = 132

    public static func render(_ report: StatusReport, style: TextStyle) -> String {
        var text = ""
        for environment in report.environments { text += head(environment, style: style) }
        let readable = report.environments.filter { $0.error == nil }
        for block in blocks(readable, columns: style.terminal?.columns ?? defaultColumns) {
            text += "\n" + table(block).render(coloured: style.isColoured)
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
    private static func blocks(_ environments: [EnvironmentStatus], columns: Int) -> [[EnvironmentStatus]] {
        var blocks: [[EnvironmentStatus]] = []
        for environment in environments {
            if let last = blocks.last, table(last + [environment]).width <= columns {
                blocks[blocks.count - 1].append(environment)
            } else {
                blocks.append([environment])
            }
        }
        return blocks
    }

    private static func table(_ environments: [EnvironmentStatus]) -> TextTable {
        var order: [String] = []
        var seen: Set<String> = []
        for app in environments.flatMap(\.apps) where seen.insert(app.app).inserted { order.append(app.app) }
        var table = TextTable([.init("APP")] + environments.flatMap { group(.init($0.environment), "", "") })
        let apps = environments.map { environment in
            Dictionary(environment.apps.map { ($0.app, $0) }, uniquingKeysWith: { first, _ in first })
        }
        for name in order {
            table.add([.init(name)] + apps.flatMap { cells($0[name]) })
        }
        return table
    }

    private static func cells(_ app: AppStatus?) -> [TextTable.Cell] {
        guard let app else { return group("-", "", "") }
        let ready = app.pods.map { "\($0.ready)/\($0.replicas)" } ?? ""
        return group(
            .init(app.running.map(shortVersion) ?? "-"), .init(ready), .init(app.state.rawValue, app.state.colour))
    }

    /// The cells of one environment, closer to each other than to the next one's.
    private static func group(
        _ version: TextTable.Cell, _ ready: TextTable.Cell, _ state: TextTable.Cell
    ) -> [TextTable.Cell] {
        var cells = [version, ready, state]
        cells[0].gap = 1
        cells[1].gap = 1
        return cells
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
