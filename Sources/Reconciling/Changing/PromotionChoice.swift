import Descriptors
import Documents
import FoundationEssentials
import Reporting
import Workloads

/// Which versions a promotion takes over, and everything that speaks against it, of all apps together: one of them that may not be
/// promoted keeps the others back too, because they were proven side by side.
struct PromotionChoice: VersionChoice {
    let command = ChangeReport.Command.promote
    let request: Promotion.Request
    let source: StatusReader.Observed
    let sourceHistory: DeploymentHistory
    /// A check of the whole follows each deployment there.
    let verifies: Bool
    let target: DescriptorLocation
    /// Nil where it is not asked.
    let targetHistory: DeploymentHistory?
    let lineage: SourceLineage?
    /// What both descriptors have named before; nothing where no release is to be looked for.
    var past = PastVersions()
    let now: Date

    private var sourceName: String { source.status.environment }

    func versions(for tip: TipDescriptor) async throws -> ChosenVersions {
        let descriptor = try tip.parse()
        var chosen = ChosenVersions(
            versions: [:], purpose: .promote(from: sourceName, commit: source.commit.id),
            notes: source.status.notes.map { "\(sourceName): \($0)" })
        var problems: [Diagnostic] = []
        let check = PromotionCheck(self, file: tip.file)
        for (candidate, place) in pairs(in: descriptor, &chosen, &problems) {
            let result = try await check.judge(candidate, for: place)
            problems += result.problems
            chosen.notes += result.notes
            guard let version = result.version else { continue }
            chosen.versions[candidate.name] = version
            chosen.reasons[candidate.name] = result.reason
        }
        if !problems.isEmpty { throw Refused(problems) }
        return chosen
    }

    /// Each app as it is here and as it is there.
    private func pairs(
        in descriptor: Descriptor, _ chosen: inout ChosenVersions, _ problems: inout [Diagnostic]
    ) -> [(candidate: App, place: App)] {
        let candidates = Self.byName(source.descriptor.apps)
        let places = Self.byName(descriptor.apps)
        guard let names = request.apps else {
            let absent = source.descriptor.apps.filter { places[$0.name] == nil }.map(\.name)
            if !absent.isEmpty {
                chosen.notes.append(
                    "left out, because \(target.environment) has no such app: \(absent.joined(separator: ", "))")
            }
            return source.descriptor.apps.compactMap { app in places[app.name].map { (app, $0) } }
        }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.compactMap { name in
            if let candidate = candidates[name], let place = places[name] { return (candidate, place) }
            let isSource = candidates[name] == nil
            let known = isSource ? source.descriptor.apps : descriptor.apps
            problems.append(
                Diagnostic(
                    code: "unknown-app",
                    message: "\(isSource ? sourceName : target.environment) has no app \(TerminalText.quoted(name))",
                    hint: NearestName.of(name, among: known.map(\.name)).map { "Did you mean \"\($0)\"?" }
                        ?? (isSource ? nil : "Add it to the descriptor first"),
                    file: isSource ? source.descriptor.file : descriptor.file))
            return nil
        }
    }

    private static func byName(_ apps: [App]) -> [String: App] {
        Dictionary(apps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
