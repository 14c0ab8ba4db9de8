import Descriptors
import Documents
import FoundationEssentials
import Reporting
import Workloads

/// Which versions a rollback restores, and everything that speaks against it. Other apps keep what they have, whatever was changed
/// since.
struct RollbackChoice: VersionChoice {
    /// A descriptor to go back to.
    struct Goal: Sendable {
        let commit: String
        let descriptor: Descriptor
    }

    let command = ChangeReport.Command.rollback
    let apps: [String]
    /// Nil for what was proven before the present version was, for each app.
    let goal: Goal?
    let history: DeploymentHistory
    let environment: String
    /// The descriptor, in messages.
    let place: String

    /// One app's way back.
    private struct Step {
        let version: AppVersion
        /// What has proven the version.
        let deployment: Deployment
    }

    func versions(for tip: TipDescriptor) throws(Refused) -> ChosenVersions {
        let descriptor = try tip.parse()
        var chosen = ChosenVersions(versions: [:], purpose: .rollBack(to: []))
        var problems: [Diagnostic] = []
        var commits: [(number: Int, commit: String)] = []
        let restored = goal.map { goal in
            Dictionary(goal.descriptor.apps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        for app in try chosenApps(of: descriptor, &chosen) {
            let step: Step?
            do throws(Refused) {
                step = if let restored { try self.step(app, as: restored[app.name]) } else { try previous(app) }
            } catch {
                problems += error.diagnostics
                continue
            }
            guard let step else { continue }
            chosen.versions[app.name] = step.version
            chosen.reasons[app.name] = .init(
                proof: ChangeReport.Proof(
                    environment: environment, deployment: step.deployment.number, commit: step.deployment.commit.id,
                    since: step.deployment.finishedAt ?? step.deployment.startedAt))
            commits.append((step.deployment.number, goal?.commit ?? step.deployment.commit.id))
        }
        if !problems.isEmpty { throw Refused(problems) }
        var seen: Set<String> = []
        chosen.purpose = .rollBack(
            to: commits.sorted { $0.number > $1.number }.map(\.commit).filter { seen.insert($0).inserted })
        return chosen
    }

    /// Those that are named; else, with a goal, all that both descriptors have, and without one those that the last deployment
    /// changed and that nobody has changed since.
    private func chosenApps(of descriptor: Descriptor, _ chosen: inout ChosenVersions) throws(Refused) -> [App] {
        guard apps.isEmpty else { return try named(in: descriptor) }
        if let goal {
            let there = Set(goal.descriptor.apps.map(\.name))
            chosen.notes.append("no app is named: all that \(goal.descriptor.file) has")
            return descriptor.apps.filter { there.contains($0.name) }
        }
        guard let last = history.last else {
            throw Refused([
                Diagnostic(
                    code: "no-deployment", message: "\(environment) has no deployment yet that could be taken back",
                    hint: nil, file: place)
            ])
        }
        let brought = Dictionary(last.apps.map { ($0.workload, $0.to) }, uniquingKeysWith: { first, _ in first })
        let changed = descriptor.apps.filter { brought[$0.key.description] != nil }
        let kept = changed.filter { brought[$0.key.description] == $0.version.text }
        chosen.notes.append("no app is named: those that deployment \(last.number) changed")
        if kept.count < changed.count {
            let others = changed.filter { brought[$0.key.description] != $0.version.text }.map(\.name)
            chosen.notes.append("left alone, because changed since: \(others.joined(separator: ", "))")
        }
        return kept
    }

    private func named(in descriptor: Descriptor) throws(Refused) -> [App] {
        let known = Set(descriptor.apps.map(\.name))
        let problems = Set(apps).subtracting(known).sorted().map { name in
            Diagnostic(
                code: "unknown-app", message: "\(environment) has no app \(TerminalText.quoted(name))",
                hint: NearestName.of(name, among: descriptor.apps.map(\.name)).map { "Did you mean \"\($0)\"?" },
                file: place)
        }
        if !problems.isEmpty { throw Refused(problems) }
        return descriptor.apps.filter { apps.contains($0.name) }
    }
}

// How far back.
extension RollbackChoice {
    /// To the newest version that was proven before the present one first was, and has not failed since. So a rollback that is
    /// rolled back goes further back, not forth again.
    private func previous(_ app: App) throws(Refused) -> Step? {
        let key = app.key.description
        let first = history.deployments.lastIndex { deployment in
            deployment.apps.contains {
                $0.workload == key && $0.to == app.version.text && deployment.proves($0)
            }
        }
        for deployment in history.deployments[(first.map { $0 + 1 } ?? 0)...] {
            guard let entry = deployment.apps.first(where: { $0.workload == key }), entry.to != app.version.text,
                deployment.proves(entry), case .proven(let proof) = history.standing(of: entry.to, for: key),
                let version = Self.version(entry.to)
            else { continue }
            return Step(version: version, deployment: proof)
        }
        throw refusal(
            "no-proven-version", app,
            "no other version of it was proven before \(app.version), as far as the history goes",
            hint: "`descry history \(environment)` has what is known; descry set writes any version")
    }

    /// To the version that it has in the goal. None where that is the present one.
    private func step(_ app: App, as former: App?) throws(Refused) -> Step? {
        guard let former else {
            throw refusal("unknown-app", app, "\(goal?.commit.prefix(12) ?? "the commit") has no such app", hint: nil)
        }
        if former.version == app.version { return nil }
        let version = former.version
        switch history.standing(of: version.text, for: app.key.description) {
        case .proven(let deployment): return Step(version: version, deployment: deployment)
        case .failed(let deployment, let entry):
            throw refusal(
                "quarantined", app,
                "\(version) failed in deployment \(deployment.number): \(deployment.reason(of: entry))",
                hint: "Go back to one that worked; `descry history \(environment)` has them")
        case .unknown:
            throw refusal(
                "not-proven", app, "\(version) was never proven in \(environment), as far as the history goes",
                hint: "`descry set \(environment) \(app.name)=\(version)` writes it all the same")
        }
    }

    /// What the history has is nearly always a version; what a later Descry wrote may not be.
    private static func version(_ text: String) -> AppVersion? {
        do throws(AppVersionError) { return try AppVersion(text) } catch { return nil }
    }

    private func refusal(_ code: String, _ app: App, _ message: String, hint: String?) -> Refused {
        Refused([
            Diagnostic(
                code: code, message: "\(app.name): \(message)", hint: hint, file: place, position: app.versionPosition)
        ])
    }
}
