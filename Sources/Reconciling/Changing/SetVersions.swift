import Reporting

/// Versions that somebody has named: `descry set`.
public struct SetVersions: Sendable {
    private let versions: RequestedVersions
    private let change: VersionChange

    public init(_ versions: RequestedVersions, _ change: VersionChange) {
        self.versions = versions
        self.change = change
    }

    /// - Throws: as ``VersionChange`` does.
    public func run() async throws -> ChangeReport { try await change.run(Choice(versions: versions)) }

    private struct Choice: VersionChoice {
        let versions: RequestedVersions
        let command = ChangeReport.Command.set

        func versions(for descriptor: TipDescriptor) -> ChosenVersions {
            ChosenVersions(versions: versions.versions, purpose: .deploy)
        }
    }
}
