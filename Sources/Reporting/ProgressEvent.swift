/// What a pass tells while it is under way. The final ``SyncReport`` says everything again; progress is only for eyes.
public enum ProgressEvent: Sendable {
    /// The environment's tip was fetched.
    case commit(SyncReport.Commit, environment: String, branch: String)
    /// A commit that an earlier pass had begun and not come to the end of: this one takes its place.
    case superseded(SyncReport.Commit)
    /// Something that a person should know, such as polling for want of the right to watch.
    case note(String)
    /// The apps that this pass is about to change, in the order in which they are shown.
    case planned([AppProgress])
    case app(AppProgress)
    /// The check of the whole environment, once every rollout is proven.
    case verification(VerificationProgress)
    /// What was taken back in the cluster was to be taken back in git.
    case reverted(RevertReport)
}

/// Where one app stands.
public struct AppProgress: Sendable {
    public enum State: Sendable {
        /// Its wave has not started yet.
        case waiting
        /// The patch is written, or was not needed; pods are being replaced. With what is missing, where the pods' numbers
        /// do not say it.
        case rolling(String?)
        /// The patch is written, and nobody waits for its rollout.
        case patched
        case validated
        case proven(seconds: Double)
        /// The patch that takes the change back is written; with what is missing.
        case rollingBack(String?)
        case rolledBack(seconds: Double)
        case failed(AppReport.Failure)
    }

    public var app: String
    public var from: String?
    public var to: String
    public var state: State
    public var pods: AppReport.Pods?

    public init(app: String, from: String?, to: String, state: State, pods: AppReport.Pods? = nil) {
        self.app = app
        self.from = from
        self.to = to
        self.state = state
        self.pods = pods
    }

    /// Both versions with their SHA cut to what tells them apart: `1.1.0-rc-020c8bb` of a 40-digit one.
    var arrow: String {
        from == to ? shortVersion(to) : "\(from.map(shortVersion) ?? "?") → \(shortVersion(to))"
    }
}

/// Cuts the SHA at a version's end to seven digits, as git abbreviates one; anything else stays whole.
func shortVersion(_ version: String) -> String {
    guard let dash = version.lastIndex(of: "-") else { return printable(version) }
    let sha = version[version.index(after: dash)...]
    guard sha.count > 7, sha.allSatisfy(\.isHexDigit) else { return printable(version) }
    return printable(String(version[...dash] + sha.prefix(7)))
}
