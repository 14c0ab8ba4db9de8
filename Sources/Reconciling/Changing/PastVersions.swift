import Descriptors
import Documents
import Git

/// The versions that an environment's descriptor has named in the newest commits of its branch, deployed or not.
struct PastVersions: Sendable {
    /// So far a release is looked for: months, where an environment is changed every day.
    static let commits = 100

    private var versions: [String: Set<AppVersion>] = [:]

    init() {}

    /// - Parameter versions: app → versions.
    init(_ versions: [String: Set<AppVersion>]) { self.versions = versions }

    /// Those that were ever named for an app.
    subscript(app: String) -> Set<AppVersion> { versions[app] ?? [] }

    /// Reads them. A descriptor that was once refused says nothing.
    mutating func read(_ location: DescriptorLocation, in repository: GitRepository) async throws {
        let tip = try await repository.update(branch: location.branch)
        let contents = try await repository.contents(
            of: location.path, from: tip.commit, of: location.branch, commits: Self.commits)
        for bytes in contents {
            let descriptor: Descriptor
            do throws(Refused) { descriptor = try Descriptor.parse(bytes, file: location.file) } catch { continue }
            for app in descriptor.apps { versions[app.name, default: []].insert(app.version) }
        }
    }
}
