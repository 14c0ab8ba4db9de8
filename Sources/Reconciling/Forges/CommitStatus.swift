/// What is said of a commit for one environment, before a forge's own words for it are chosen.
struct CommitStatus: Sendable, Hashable {
    enum State: String, Sendable, Hashable, CaseIterable {
        /// A pass is changing the environment.
        case pending
        /// The environment is proven to run what the commit says.
        case success
        /// It is proven not to, or the commit was refused.
        case failure
        /// It could not be found out, for a reason that is not the commit's.
        case error
        /// A newer commit came before it was proven.
        case superseded
    }

    let commit: String
    let state: State
    /// One line of any length; a forge takes only so much of it.
    let description: String

    init(commit: String, _ state: State, _ description: String) {
        self.commit = commit
        self.state = state
        self.description = Self.line(description)
    }

    /// The description in at most so many Unicode scalars.
    func description(limit: Int) -> String {
        let scalars = description.unicodeScalars
        guard scalars.count > limit else { return description }
        return String(String.UnicodeScalarView(scalars.prefix(limit - 1))) + "…"
    }

    /// Without line ends, control characters and marks that reorder text, so that a container's words cannot dress up as others'.
    private static func line(_ text: String) -> String {
        var line = ""
        var isSpaceDue = false
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned,
                .spaceSeparator:
                isSpaceDue = !line.isEmpty
            default:
                if isSpaceDue { line += " " }
                isSpaceDue = false
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
