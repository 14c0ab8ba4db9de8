import Descriptors
import Reporting
import Workloads

/// Which apps of a branch's tip go back: those that still say the version that failed, to what the cluster runs again. Whatever somebody
/// has changed since is left alone.
struct RevertChoice: VersionChoice {
    let command = ChangeReport.Command.revert
    let due: DueRevert
    /// Of the environment.
    let registry: String

    func versions(for tip: TipDescriptor) throws -> ChosenVersions {
        let descriptor = try tip.parse()
        let apps = Dictionary(descriptor.apps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var chosen = ChosenVersions(
            versions: [:], purpose: .revert(commit: due.commit, reasons: due.reasons))
        var changed: [String] = []
        for due in due.apps {
            guard let app = apps[due.name], app.key.description == due.workload, app.version.text == due.failed else {
                changed.append(due.name)
                continue
            }
            if let version = version(of: due, as: app) {
                chosen.versions[due.name] = version
            } else {
                let images = Set(due.images).sorted().joined(separator: ", ")
                chosen.notes.append(
                    "\(due.name) is left alone in git: it runs \(images), which no version in its place would say")
            }
        }
        if !changed.isEmpty {
            chosen.notes.append("left alone in git, because changed since: \(changed.joined(separator: ", "))")
        }
        return chosen
    }

    /// The version with which the descriptor says what the workload runs again; nil where there is none, as after a commit that
    /// changed the image's repository as well.
    private func version(of due: DueRevert.App, as app: App) -> AppVersion? {
        guard let restored = due.restored else { return nil }
        let image = ContainerImage(repository: app.repository(registry: registry), tag: restored).description
        guard due.images.allSatisfy({ $0 == image }) else { return nil }
        do throws(AppVersionError) { return try AppVersion(restored) } catch { return nil }
    }
}
