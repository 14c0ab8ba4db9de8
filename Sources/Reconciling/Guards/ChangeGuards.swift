import FoundationEssentials
import Git
import Reporting

/// What keeps an environment from being changed although a change is asked for: its windows.
struct ChangeGuards: Sendable {
    let environment: Environment
    let repository: GitRepository
    /// The calendar's time.
    let now: @Sendable () -> Date

    /// Why changes to this commit wait.
    ///
    /// - Returns: nothing where they may be made now.
    func holds(_ tip: BranchTip) async throws -> [Hold] {
        [window].compactMap { $0 }
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
