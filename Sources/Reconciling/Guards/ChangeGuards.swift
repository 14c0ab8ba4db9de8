import FoundationEssentials
import Git
import Reporting

/// What keeps an environment from being changed although a change is asked for: its windows, and the approvals of the commit.
struct ChangeGuards: Sendable {
    let environment: Environment
    let repository: GitRepository
    /// The calendar's time.
    let now: @Sendable () -> Date

    /// Why changes to this commit wait.
    ///
    /// - Returns: nothing where they may be made now.
    /// - Throws: `GitError` where the repository cannot be asked for approvals, or the list of who may approve not be read;
    ///   `Refused` where that list is wrong.
    func holds(_ version: DescriptorSource.Version) async throws -> [Hold] {
        [window, try await approvals(of: version)].compactMap { $0 }
    }

    private func approvals(of version: DescriptorSource.Version) async throws -> Hold? {
        guard let settings = environment.approvals else { return nil }
        let count = try await environment.descriptorLocation.approvals(
            settings, version.branchTip, signed: version.signed, in: repository,
            at: Int64(now().timeIntervalSince1970.rounded(.down)))
        guard !count.isEnough else { return nil }
        let refused = count.refused.isEmpty ? "" : ", and \(count.refused.count) that don't count"
        return Hold(
            .approvals,
            "\(count.summary)\(refused): descry approve \(environment.name) \(version.tip), and descry approvals "
                + "\(environment.name) lists them")
    }

    private var window: Hold? {
        let instant = Int64(now().timeIntervalSince1970.rounded(.down))
        guard case .closed(let until, let window) = environment.windows.state(at: instant) else { return nil }
        let end = until.map { Date(timeIntervalSince1970: Double($0)) }
        let closed = window.map { " (\($0))" } ?? ""
        let opening = end.map { "the next one opens at \($0.formatted(.iso8601))" } ?? "none opens within a year"
        return Hold(.window, "outside of the windows of \(environment.name)\(closed); \(opening)", until: end)
    }
}
