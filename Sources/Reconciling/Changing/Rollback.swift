import Descriptors
import Documents
import FoundationEssentials
import Git
import Reporting

/// Takes apps back to versions that an earlier deployment of the same environment has proven: `descry rollback`.
public struct Rollback: Sendable {
    /// How far.
    public enum Destination: Sendable, Hashable {
        /// To what was proven before the present version was, for each app.
        case previous
        /// To the descriptor of a deployment, by its number in the history.
        case deployment(Int)
        /// To the descriptor of a commit: all digits of its name, or the first ones where a deployment in the history has it.
        case commit(String)

        /// - Parameter text: up to six decimal digits are a number, seven and more hexadecimal ones a commit.
        /// - Returns: nil for anything else.
        public init?(_ text: String) {
            let isHexadecimal = text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20)
            }
            if text.utf8.count <= 6, let number = Int(text), number > 0 {
                self = .deployment(number)
            } else if (7...40).contains(text.utf8.count), isHexadecimal {
                self = .commit(text.lowercased())
            } else {
                return nil
            }
        }
    }

    private let apps: [String]
    private let destination: Destination
    private let history: HistoryStore
    private let change: VersionChange

    /// - Parameter apps: none for those that the last deployment changed, or, with a destination, for all of the descriptor.
    public init(_ apps: [String], to destination: Destination, history: HistoryStore, change: VersionChange) {
        self.apps = apps
        self.destination = destination
        self.history = history
        self.change = change
    }

    /// - Throws: `Refused` with everything that speaks against it; `KubernetesError`, code `forbidden`, where the history may not
    ///   be read; and what reading and pushing throw.
    public func run() async throws -> ChangeReport {
        let history = try await history.required()
        let goal = try await goal(history)
        return try await change.run(
            RollbackChoice(
                apps: apps, goal: goal, history: history, environment: change.location.environment,
                place: change.location.file))
    }

    private func goal(_ history: DeploymentHistory) async throws -> RollbackChoice.Goal? {
        let commit: CommitID
        switch destination {
        case .previous: return nil
        case .deployment(let number):
            guard let deployment = history.deployments.first(where: { $0.number == number }) else {
                let numbers = history.deployments.map(\.number)
                throw refusal(
                    "unknown-deployment", "the history of \(change.location.environment) has no deployment \(number)",
                    hint: numbers.first.map { "It has \(numbers.last ?? $0) to \($0)" } ?? "It has none")
            }
            commit = try CommitID(deployment.commit.id)
        case .commit(let text):
            let known = Set(history.deployments.map(\.commit.id).filter { $0.hasPrefix(text) })
            if let id = known.first, known.count == 1 {
                commit = try CommitID(id)
            } else if text.utf8.count == 40 {
                commit = try CommitID(text)
            } else {
                throw refusal(
                    "unknown-commit",
                    "\(known.isEmpty ? "no deployment" : "more than one deployment") of \(change.location.environment) "
                        + "is of a commit \(text)",
                    hint: "Write all 40 digits, or the number of a deployment")
            }
        }
        let location = change.location
        let file = "\(commit.short):\(location.path)"
        let bytes = try await change.repository.file(at: location.path, in: commit)
        return RollbackChoice.Goal(commit: commit.description, descriptor: try Descriptor.parse(bytes, file: file))
    }

    private func refusal(_ code: String, _ message: String, hint: String) -> Refused {
        Refused([Diagnostic(code: code, message: message, hint: hint, file: change.location.file)])
    }
}
