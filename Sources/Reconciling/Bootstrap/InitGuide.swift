import Git
import Reporting

/// What to do with a folder that `descry init` has made: the commands to go on with, and the folder's README.
struct InitGuide: Sendable {
    private let run: InitRun

    init(_ run: InitRun) { self.run = run }

    /// - Parameter folder: the folder, from where the commands are run.
    func commands(in folder: String) -> [String] {
        let drafts = run.bootstrap.drafts
        var commands: [String] = []
        if case .later(let address) = run.destination {
            let branches = drafts.map(\.environment.branch.description).joined(separator: " ")
            let path = Self.word(Self.path(DeploymentFolder.repositoryName, in: folder))
            commands.append("git -C \(path) push --atomic \(Self.word(address)) \(branches)")
        }
        let contexts = Set(drafts.map(\.context))
        if contexts.count == 1, let context = contexts.first {
            commands.append(Self.kubectl(context) + " apply -f \(Self.word(Self.path("rbac/", in: folder)))")
        } else {
            commands += drafts.map {
                Self.kubectl($0.context) + " apply -f \(Self.word(Self.path("rbac/\($0.name).yaml", in: folder)))"
            }
        }
        let environments = Self.word(Self.path("environments", in: folder))
        if let first = drafts.first {
            commands += ["doctor", "plan", "apply"].map { "descry \($0) \(first.name) --environments \(environments)" }
        }
        return commands
    }

    private static func kubectl(_ context: String?) -> String {
        context.map { "kubectl --context \(word($0))" } ?? "kubectl"
    }

    private static func path(_ name: String, in folder: String) -> String {
        folder == "." ? name : folder + (folder.hasSuffix("/") ? "" : "/") + name
    }

    /// As a shell takes it for one word.
    private static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-._/@:+,=%".utf8.contains($0)
            }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }

    func readme(_ report: InitReport) -> String {
        let rows = report.environments.map {
            "| \($0.environment) | \($0.namespace) | \($0.registry) | \($0.versions.joined(separator: ", ")) | \($0.apps.count) |"
        }
        return """
            # Deployments

            Made by `descry init` from what ran in the cluster.

            | environment | namespace | registry | versions | apps |
            | --- | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))

            - \(repository)
            - `environments/` says where each environment is. It belongs to whoever operates them, and not into the deployment
              repository: whoever may push to DEV must not be able to point it at LIVE.
            - `rbac/` has the rights that each environment needs, and nothing else; at the end of each file stands how to get a
              token.

            ## Next

            From this folder:

            ```sh
            \(commands(in: ".").joined(separator: "\n"))
            ```

            The plan changes no version: only Descry's own annotations are new. From then on
            `descry set ENV APP=VERSION` is how a build deploys.
            \(leftOut(report))
            """
    }

    private var repository: String {
        let name = DeploymentFolder.repositoryName
        return switch run.destination {
        case .folder:
            "`\(name)` is the deployment repository, with one branch an environment. To move it to a server, push its branches "
                + "there\n  and change `repository` in `environments/`."
        case .later(let address):
            "`\(name)` has the branches for \(address), where the environment files expect them. Once they are pushed it can go."
        case .push(let address, _): "The deployment repository is \(address), with one branch an environment."
        }
    }

    private func leftOut(_ report: InitReport) -> String {
        let lines = report.environments.flatMap { environment in
            environment.leftOut.map { "- \(environment.environment), \($0.workload): \($0.reason). \($0.hint)." }
        }
        return lines.isEmpty ? "" : "\n## Left out\n\n" + lines.joined(separator: "\n") + "\n"
    }
}
