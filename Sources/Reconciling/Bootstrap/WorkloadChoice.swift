import Descriptors
import Planning
import Reporting
import Workloads

/// A workload that is to be an app of a descriptor.
struct FoundApp: Sendable, Hashable {
    let key: WorkloadKey
    let version: AppVersion
    /// Nil where the default rule finds them.
    let containers: [String]?
    /// Nil where the default rule finds it.
    let image: String?
    let notes: [String]
}

/// Decides whether a workload that runs already can be an app of a descriptor, so that the descriptor says of it what runs
/// now. Pure.
struct WorkloadChoice: Sendable {
    let environment: String
    let registry: ImageRepository
    let channels: Set<AppVersion.Channel>

    private struct Runs {
        let container: Container
        let isInit: Bool
    }

    func choose(_ workload: Workload) -> Result<FoundApp, InitReport.LeftOut> {
        do throws(InitReport.LeftOut) {
            try checkObject(workload)
            let main = try mainContainer(of: workload)
            let version = try version(of: main, workload)
            try check(version, workload)
            let all =
                workload.containers.map { Runs(container: $0, isInit: false) }
                + workload.initContainers.map { Runs(container: $0, isInit: true) }
            let same = all.filter { $0.container.image == main.image }.map(\.container.name)
            let isDefault = same == [main.name] && (main.name == workload.key.name || workload.containers.count == 1)
            return .success(
                FoundApp(
                    key: workload.key, version: version, containers: isDefault ? nil : same,
                    image: try image(main.image.repository, workload),
                    notes: all.filter { !same.contains($0.container.name) && self.isVersioned($0.container.image) }
                        .map {
                            "container \($0.container.name) runs \($0.container.image), another image: it stays as it is"
                        }))
        } catch {
            return .failure(error)
        }
    }

    private func leftOut(_ workload: Workload, _ code: String, _ reason: String, _ hint: String) -> InitReport.LeftOut {
        InitReport.LeftOut(workload: workload.key.description, code: code, reason: reason, hint: hint)
    }

    private func checkObject(_ workload: Workload) throws(InitReport.LeftOut) {
        if workload.isBeingDeleted {
            throw leftOut(workload, "being-deleted", "it is being deleted", "Nothing is to be done")
        }
        if let original = workload.annotations[WorkloadAnnotation.canaryOf] {
            throw leftOut(
                workload, "canary", "it runs the canaries of deployment/\(original)",
                "Descry removes it by itself once their rollout has ended")
        }
        if let controller = workload.controller {
            throw leftOut(
                workload, "controlled", "it belongs to \(controller), which would undo what Descry changes",
                "Give the version to \(controller)")
        }
        if let problem = DNSLabel.problem(with: workload.key.name) {
            throw leftOut(
                workload, DNSLabel.code, problem.message, "A descriptor names an app by a label; deploy it under one")
        }
    }

    /// The container of the app's name, else the only one, as every descriptor has it by default; else the one whose image is
    /// the only one there that has a version.
    private func mainContainer(of workload: Workload) throws(InitReport.LeftOut) -> Container {
        let containers = workload.containers
        if let container = containers.first(where: { $0.name == workload.key.name }) { return container }
        if containers.count == 1 { return containers[0] }
        let versioned = (containers + workload.initContainers).filter { isVersioned($0.image) }
        let names = (containers.map(\.name)).joined(separator: ", ")
        switch Set(versioned.map(\.image)).count {
        case 1: return versioned[0]
        case 0:
            throw leftOut(
                workload, "no-version", "none of its containers (\(names)) runs a version of \(registry)",
                "Deploy an image of \(registry) whose tag is MAJOR.MINOR.PATCH-(rc|release)-SHA")
        default:
            throw leftOut(
                workload, "ambiguous-container",
                "its containers \(versioned.map(\.name).joined(separator: ", ")) run different images, and none has its name",
                "Write it into the descriptor yourself, with \"container: \(versioned[0].name)\"")
        }
    }

    private func isVersioned(_ image: ContainerImage) -> Bool {
        guard image.digest == nil, lies(image.repository), let tag = image.tag else { return false }
        return Self.version(tag) != nil
    }

    /// Nil for what is no version.
    static func version(_ tag: String) -> AppVersion? {
        do throws(AppVersionError) { return try AppVersion(tag) } catch { return nil }
    }

    /// On the registry's host: what of it lies elsewhere than the registry gets an `image`.
    private func lies(_ repository: String) -> Bool {
        if repository.hasPrefix(registry.description + "/") { return true }
        do throws(ImageRepositoryError) {
            let host = try ImageRepository(repository).host
            return host != nil && host == registry.host
        } catch {
            return false
        }
    }

    private func version(of container: Container, _ workload: Workload) throws(InitReport.LeftOut) -> AppVersion {
        let image = container.image
        if let digest = image.digest {
            throw leftOut(
                workload, "pinned-by-digest", "container \(container.name) is pinned to \(digest)",
                "Descry deploys by tags: set the image without its digest first")
        }
        guard lies(image.repository) else {
            throw leftOut(
                workload, "foreign-registry",
                "container \(container.name) runs an image of \(image.repository), which is not on \(registry.host ?? "")",
                "If it is yours, write it into the descriptor yourself, with \"image: \(image.repository)\"")
        }
        guard let tag = image.tag else {
            throw leftOut(
                workload, "no-tag", "container \(container.name) runs \(image.repository) without a tag",
                "Deploy an image whose tag is MAJOR.MINOR.PATCH-(rc|release)-SHA")
        }
        do throws(AppVersionError) {
            return try AppVersion(tag)
        } catch {
            throw leftOut(
                workload, error.code,
                "the tag \(tag) of container \(container.name) is not a version: \(error.message)",
                "Deploy an image whose tag is MAJOR.MINOR.PATCH-(rc|release)-SHA")
        }
    }

    private func check(_ version: AppVersion, _ workload: Workload) throws(InitReport.LeftOut) {
        guard !channels.contains(version.channel) else { return }
        let all = AppVersion.Channel.allCases.map(\.rawValue).joined(separator: ",")
        throw leftOut(
            workload, "channel-not-allowed",
            "it runs \(version), and \(environment) is to run no \(version.channel.rawValue) versions",
            "--versions \(environment)=\(all) takes it, and allows them from then on")
    }

    /// As a descriptor writes it; nil where it is the registry and the app's name.
    private func image(_ repository: String, _ workload: Workload) throws(InitReport.LeftOut) -> String? {
        if repository == "\(registry)/\(workload.key.name)" { return nil }
        do throws(ImageRepositoryError) {
            if repository.hasPrefix(registry.description + "/") {
                let path = String(repository.dropFirst(registry.description.count + 1))
                if try ImageRepository(path).host == nil { return path }
            }
            if try ImageRepository(repository).host != nil { return repository }
        } catch {
            throw leftOut(workload, "invalid-image", error.message, error.hint)
        }
        throw leftOut(
            workload, "invalid-image", "\(repository) names no host, so that no descriptor can say where it lies",
            "Deploy it as HOST/\(repository)")
    }
}
