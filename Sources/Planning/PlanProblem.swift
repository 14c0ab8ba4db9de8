import Descriptors

/// Why an app cannot be deployed. One problem stops the whole plan.
public struct PlanProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// Who has to act, which decides the exit code.
    public enum Kind: String, Sendable, Hashable {
        /// The cluster lacks something that the descriptor names: exit 78.
        case missing
        /// The descriptor asks for something that is not allowed or not clear: exit 65.
        case refused
    }

    /// The raw values are stable: tests and JSON output use them.
    public enum Code: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        case missingWorkload = "missing-workload"
        case missingContainer = "missing-container"
        case ambiguousContainer = "ambiguous-container"
        case channelNotAllowed = "channel-not-allowed"
        case beingDeleted = "being-deleted"
        /// A Deployment of somebody else has the name that the app's canary would get.
        case canaryNameTaken = "canary-name-taken"
        /// A canary was asked for a Deployment whose pods must not run beside others.
        case canaryBesideRecreate = "canary-beside-recreate"

        public var description: String { rawValue }
    }

    public let app: App
    public let code: Code
    public let message: String
    public let hint: String

    public var kind: Kind {
        switch code {
        case .missingWorkload, .missingContainer, .beingDeleted: .missing
        case .ambiguousContainer, .channelNotAllowed, .canaryNameTaken, .canaryBesideRecreate: .refused
        }
    }

    public var description: String { "error[\(code)]: \(message). \(hint)" }
}

/// All the problems of one app.
struct AppProblems: Error {
    let problems: [PlanProblem]
}
