import Descriptors
import Git

/// Whether one version of an app comes before another.
///
/// By the numbers (SemVer 2.0.0 §11.2); where they are equal, a candidate comes before its release; where the channels are equal
/// too, only the source's own history can tell which commit descends from which. The digits of a commit have no order.
enum VersionOrder: Sendable, Hashable {
    /// The second one is newer, or the same build written otherwise.
    case forward
    /// The second one is older.
    case backward
    /// It cannot be told, for this reason.
    case unknown(String)

    /// - Parameter lineage: nil where there is no source repository to ask.
    init(from old: AppVersion, to new: AppVersion, app: String, lineage: SourceLineage?) async throws {
        if !new.hasSameNumbers(as: old) {
            self = new.hasLowerNumbers(than: old) ? .backward : .forward
        } else if new.channel != old.channel {
            self = new.channel == .release ? .forward : .backward
        } else if new.sha.hasPrefix(old.sha) || old.sha.hasPrefix(new.sha) {
            self = .forward
        } else if let lineage {
            switch try await lineage(app, old.sha, new.sha) {
            case .descends: self = .forward
            case .precedes: self = .backward
            case .diverged: self = .unknown("neither commit descends from the other")
            case .absent(let sha): self = .unknown("the source repository has no commit \(sha) on a branch")
            case .noRepository: self = .unknown("no source repository is named for it")
            }
        } else {
            self = .unknown("their numbers are the same")
        }
    }
}

/// What the history of an app's source says of two of its commits.
public enum SourceRelation: Sendable, Hashable {
    /// The second one descends from the first.
    case descends
    /// The first one descends from the second.
    case precedes
    case diverged
    /// This commit is not there.
    case absent(String)
    /// Nobody has said where the app's source is.
    case noRepository
}

/// Asks the history of an app's source: the app, the commit that runs, and the one that is to run, as versions have them.
public typealias SourceLineage =
    @Sendable (_ app: String, _ old: String, _ new: String) async throws ->
    SourceRelation
