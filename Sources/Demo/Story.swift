/// What the demo shows: chapters of commands, each with the exit code that it must end with.
struct Story: Sendable {
    struct Chapter: Sendable {
        let title: String
        let text: String
        var steps: [Step]
    }

    struct Step: Sendable {
        let words: [String]
        var exitCode: Int32 = 0
        /// What to say before it.
        var text: String?
        /// What the summary says of it, with the time it took in front.
        var gist: String?

        init(_ words: [String], exitCode: Int32 = 0, text: String? = nil, gist: String? = nil) {
            self.words = words
            self.exitCode = exitCode
            self.text = text
            self.gist = gist
        }

        static func apply(_ environment: String, exitCode: Int32 = 0, gist: String) -> Step {
            Step(["descry", "apply", environment], exitCode: exitCode, gist: gist)
        }

        static let status = Step(["descry", "status", "DEV", "STAGE", "LIVE"])

        /// A git command in the clone.
        static func git(_ words: String..., text: String? = nil) -> Step {
            Step(["git", "-C", "deployments"] + words, text: text)
        }

        /// Changes the descriptor on the branch that is checked out.
        static func edit(_ old: String, _ new: String, text: String? = nil) -> Step {
            Step(["sed", "-i", "s/\(old)/\(new)/", "deployments/deploy-descriptor.yaml"], text: text)
        }
    }

    static let chapters = [scene, deployment, failure, repair, promotion, rollback, live, end]

    private static let scene = Chapter(
        title: "The scene",
        text: """
            A cluster with three namespaces, and a git repository with a branch for each: DEV, STAGE, LIVE.
            On every branch one file says which versions are to run. Right now they do.
            """,
        steps: [Step(["cat", "deployments/deploy-descriptor.yaml"]), .status])

    private static let deployment = Chapter(
        title: "Deploying is a commit",
        text: """
            DEV is to run a new backend: change its version, commit, push.
            Then Descry rolls it out, and stays until every pod is proven to run it.
            """,
        steps: [
            .edit("1.2.0-rc-.*", "1.2.1-rc-4d1a7c29f0b3"), .git("commit", "-qam", "Deploy backend 1.2.1 to DEV"),
            .git("push", "-q", "origin", "DEV"),
            .apply("DEV", gist: "to roll out a new version and prove that every pod runs it"),
        ])

    private static let failure = Chapter(
        title: "A version that cannot run",
        text: """
            The next frontend needs a Secret that nobody has created. Descry waits for no timeout: it says so
            as soon as the container does, in the container's own words. Its exit code turns a pipeline red.
            """,
        steps: [
            .edit("1.3.0-rc-.*", "1.4.0-rc-bad0002"), .git("commit", "-qam", "Deploy frontend 1.4.0 to DEV"),
            .git("push", "-q", "origin", "DEV"),
            .apply("DEV", exitCode: 4, gist: "to find out that a version cannot run, and why"),
        ])

    private static let repair = Chapter(
        title: "The repair",
        text: """
            DEV leaves what failed for a look at it. What a commit broke, git revert takes back.
            Kubernetes keeps the broken pod of a StatefulSet even then (kubernetes#67250); Descry replaces it.
            """,
        steps: [
            .git("revert", "--no-edit", "HEAD"), .git("push", "-q", "origin", "DEV"),
            .apply("DEV", gist: "to repair it, the broken pod included"),
        ])

    private static let promotion = Chapter(
        title: "On to STAGE",
        text: "What DEV has proven goes to STAGE, by a commit as well.",
        steps: [
            .git("checkout", "-q", "STAGE"), .git("checkout", "-q", "DEV", "--", "deploy-descriptor.yaml"),
            .git("commit", "-qm", "Deploy to STAGE what DEV has proven"), .git("push", "-q", "origin", "STAGE"),
            .apply("STAGE", gist: "to prove it on STAGE"),
        ])

    private static let rollback = Chapter(
        title: "STAGE takes back what fails",
        text: "STAGE does not stay broken: where one app fails, every app of the commit goes back to what ran before.",
        steps: [
            .edit("1.2.1-rc-.*", "1.2.2-rc-8e5f0a61d2c7"), .edit("1.3.0-rc-.*", "1.4.0-rc-bad0002"),
            .git("commit", "-qam", "Deploy backend 1.2.2 and frontend 1.4.0 to STAGE"),
            .git("push", "-q", "origin", "STAGE"),
            .apply("STAGE", exitCode: 3, gist: "to try two versions on STAGE, and to be back when one failed"),
            .git("revert", "--no-edit", "HEAD"), .git("push", "-q", "origin", "STAGE"),
        ])

    private static let live = Chapter(
        title: "On to LIVE",
        text: "LIVE takes release builds only. A release candidate is refused before anything is written:",
        steps: [
            .git("checkout", "-q", "LIVE"), .git("checkout", "-q", "STAGE", "--", "deploy-descriptor.yaml"),
            .git("commit", "-qm", "Deploy to LIVE what STAGE has proven"), .git("push", "-q", "origin", "LIVE"),
            .apply("LIVE", exitCode: 65, gist: "to refuse what LIVE must not run, with nothing changed"),
            .edit("-rc-", "-release-", text: "With the release builds it goes through."),
            .git("commit", "-qam", "Deploy the release builds to LIVE"), .git("push", "-q", "origin", "LIVE"),
            .apply("LIVE", gist: "to prove the release builds on LIVE"),
        ])

    private static let end = Chapter(
        title: "All environments side by side", text: "What is to run, and what runs, everywhere:", steps: [.status])
}
