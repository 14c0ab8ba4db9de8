import Reporting
import Sandbox

/// A tour of Descry's main job: a real git repository, the embedded cluster, and commands that run as processes of their
/// own just as they are printed.
public struct Demo: Sendable {
    /// The running program, which the commands call `descry`.
    let descry: String
    let style: TextStyle
    /// Time to read a chapter's first words before its commands run.
    let pause: Duration
    let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - descry: the path of the running program.
    ///   - say: prints at once: what the commands print comes between.
    public init(descry: String, style: TextStyle, pause: Duration, say: @escaping @Sendable (String) -> Void) {
        self.descry = descry
        self.style = style
        self.pause = pause
        self.say = say
    }

    /// Plays the demo in a temporary folder, which is deleted at the end.
    ///
    /// - Parameters:
    ///   - keep: print at the end how to look around, and wait.
    ///   - wait: until nobody wants to look around any more.
    /// - Throws: `DemoError` where a command does not do what it is to show; `CancellationError`.
    public func run(keep: Bool, wait: @escaping @Sendable () async throws -> Void) async throws {
        guard CommandRunner.isInstalled("git") else {
            throw DemoError("no-git", "the demo needs git", hint: "Install it: apt-get install git")
        }
        let start = ContinuousClock.now
        let folder = try DemoFolder()
        do {
            try await Sandbox.run { sandbox in
                let runner = CommandRunner(folder: folder.path, descry: descry, style: style, say: say)
                let scene = DemoScene(sandbox: sandbox, folder: folder, runner: runner)
                try await scene.set()
                var gists: [(Duration, String)] = []
                for (number, chapter) in Story.chapters.enumerated() {
                    gists += try await play(chapter, number + 1, runner)
                }
                summarise(gists, start.duration(to: .now), folder)
                if keep {
                    lookAround(folder)
                    try await wait()
                }
            }
        } catch {
            try await folder.delete()
            throw error
        }
        try await folder.delete()
    }

    private func play(
        _ chapter: Story.Chapter, _ number: Int, _ runner: CommandRunner
    ) async throws -> [(Duration, String)] {
        say("\n" + style.paint("\(number). \(chapter.title)", .bold) + "\n" + chapter.text + "\n\n")
        try await ContinuousClock().sleep(for: pause)
        var gists: [(Duration, String)] = []
        for (index, step) in chapter.steps.enumerated() {
            if let text = step.text { say((index == 0 ? "" : "\n") + text + "\n\n") }
            let took = try await runner.show(step.words, exitCode: step.exitCode)
            if let gist = step.gist { gists.append((took, gist)) }
        }
        return gists
    }

    private func summarise(_ gists: [(Duration, String)], _ took: Duration, _ folder: DemoFolder) {
        var text = "\n" + style.paint("What happened, all of it for real", .bold) + "\n"
        for (time, gist) in gists { text += "  " + style.paint(Self.seconds(time), .green) + "  \(gist)\n" }
        text +=
            "\(Self.seconds(took).trimmingPrefix { $0 == " " }) in all, with an embedded cluster and nothing installed in it.\n"
        say(text)
    }

    private func lookAround(_ folder: DemoFolder) {
        var commands = ["cd \(folder.path)", "export KUBECONFIG=$PWD/kubeconfig DESCRY_CACHE=$PWD/cache"]
        if !CommandRunner.isInstalled("descry"), let slash = descry.lastIndex(of: "/") {
            commands.append("export PATH=\(descry[..<slash]):$PATH")
        }
        commands += [
            "descry status", "descry history STAGE", "kubectl -n shop-dev get pods",
            "git -C deployments log --all --graph --oneline",
            "descry plan DEV --diff",
        ]
        say(
            "\n" + style.paint("Everything is still running. Look around in another terminal:", .bold) + "\n"
                + commands.map { "  " + style.paint($0, .blue) + "\n" }.joined()
                + "Ctrl-C ends it and deletes the folder.\n")
    }

    /// `12.3 s`, right-aligned.
    private static func seconds(_ duration: Duration) -> String {
        let tenths = (duration.components.seconds * 10) + duration.components.attoseconds / 100_000_000_000_000_000
        let text = "\(tenths / 10).\(tenths % 10) s"
        return String(repeating: " ", count: max(0, 6 - text.count)) + text
    }
}
