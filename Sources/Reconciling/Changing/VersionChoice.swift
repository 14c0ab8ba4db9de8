import Descriptors
import Documents
import Reporting

/// Decides which versions the apps of an environment get. It is asked anew for each tip of the branch that the change is tried
/// on, since somebody else's change may be in it.
protocol VersionChoice: Sendable {
    var command: ChangeReport.Command { get }

    /// - Throws: `Refused` with everything that speaks against the change, and what asking elsewhere throws.
    func versions(for descriptor: TipDescriptor) async throws -> ChosenVersions
}

/// An environment's descriptor as it is at the tip of its branch.
struct TipDescriptor: Sendable {
    let bytes: [UInt8]
    /// Its name in messages, such as `DEV:deploy-descriptor.yaml`.
    let file: String
    let path: String

    /// - Throws: every problem of the descriptor.
    func parse() throws(Refused) -> Descriptor { try Descriptor.parse(bytes, file: file) }
}

/// Which versions, and why those.
struct ChosenVersions: Sendable {
    /// Why an app gets its version.
    struct Reason: Sendable {
        var proof: ChangeReport.Proof?
        /// The version that this one is the release of.
        var insteadOf: AppVersion?
    }

    /// App → version. One that the descriptor says already changes nothing.
    var versions: [String: AppVersion]
    var purpose: ChangePurpose
    var reasons: [String: Reason] = [:]
    /// What a person should know besides.
    var notes: [String] = []
}

/// What a change of versions is for.
enum ChangePurpose: Sendable, Hashable {
    case deploy
    /// From an environment, as it is at this commit.
    case promote(from: String, commit: String)
    /// To what these commits, the newest first, had deployed.
    case rollBack(to: [String])
    /// What this commit asked for, and what became of it there: codes of failures.
    case revert(commit: String, reasons: [String])

    var source: ChangeReport.Source? {
        guard case .promote(let environment, let commit) = self else { return nil }
        return ChangeReport.Source(environment: environment, commit: commit)
    }
}
