import FoundationEssentials

/// The deployments of one environment, newest first: what `descry history` prints.
public struct HistoryReport: Sendable, Encodable {
    public var environment: String
    public var namespace: String
    public var deployments: [Deployment]

    public init(environment: String, namespace: String, deployments: [Deployment]) {
        self.environment = environment
        self.namespace = namespace
        self.deployments = deployments
    }

    /// A table with one line an app, the deployment's own columns on its first.
    public func text(style: TextStyle) -> String {
        guard !deployments.isEmpty else { return "no deployments of \(environment) in \(namespace) yet\n" }
        var table = TextTable("NUMBER", "STARTED", "TOOK", "COMMIT", "OUTCOME", "APP", "FROM", "TO", "BY")
        for deployment in deployments {
            for (index, app) in deployment.apps.enumerated() {
                var cells: [TextTable.Cell] = index == 0 ? Self.head(deployment) : Array(repeating: .init(""), count: 5)
                cells += [
                    .init(app.app, app.failure == nil ? nil : .red), .init(app.from.map(shortVersion) ?? "-"),
                    .init(shortVersion(app.to)), .init(index == 0 ? Self.by(deployment.by) : ""),
                ]
                table.add(cells)
            }
        }
        return table.render(coloured: style.isColoured) + overrides(style) + failures(style) + reverts(style)
    }

    private func overrides(_ style: TextStyle) -> String {
        deployments.compactMap { deployment in
            deployment.override.map { override in
                let guards = override.guards.map(\.rawValue).joined(separator: ", ")
                return
                    "\(deployment.number) \(style.paint("override", .yellow)) of \(guards) by \(Self.by(deployment.by)): "
                    + "\(printable(override.reason))\n"
            }
        }.joined()
    }

    private func reverts(_ style: TextStyle) -> String {
        deployments.flatMap { deployment in
            (deployment.reverts ?? []).map { revert in
                let commit = revert.commit.map { String($0.prefix(10)) } ?? "not known to be pushed"
                return "\(deployment.number) \(style.paint("reverted", .yellow)): \(printable(commit)) at "
                    + "\(revert.at.formatted(.iso8601)): \(printable(revert.apps.joined(separator: ", ")))\n"
            }
        }.joined()
    }

    private static func head(_ deployment: Deployment) -> [TextTable.Cell] {
        let took = deployment.finishedAt.map { secondsText($0.timeIntervalSince(deployment.startedAt)) } ?? "-"
        return [
            .init(String(deployment.number)), .init(deployment.startedAt.formatted(.iso8601)), .init(took),
            .init(deployment.commit.shortID, .yellow), outcome(deployment.outcome),
        ]
    }

    private static func outcome(_ outcome: Deployment.Outcome) -> TextTable.Cell {
        switch outcome {
        case .proven: .init("proven", .green)
        case .patched, .running, .preempted: .init(outcome.rawValue, .yellow)
        case .rolledBack: .init("rolled back", .red)
        case .interrupted, .failed: .init(outcome.rawValue, .red)
        }
    }

    /// The build is where everything else is to be found, so it goes before the user.
    private static func by(_ runner: Deployment.Runner) -> String {
        if let build = runner.build { return printable(build) }
        let place = [runner.user, runner.host].compactMap { $0 }.joined(separator: "@")
        return place.isEmpty ? "-" : printable(place)
    }

    private func failures(_ style: TextStyle) -> String {
        deployments.flatMap { deployment in
            let check = deployment.verification.map { ($0.check, $0.failure) }
            return (deployment.apps.map { ($0.app, $0.failure) } + [check].compactMap { $0 }).compactMap {
                name, failure in
                failure.map { "\(deployment.number) \(style.paint(name, .red)): \(printable($0))\n" }
            }
        }.joined()
    }
}
