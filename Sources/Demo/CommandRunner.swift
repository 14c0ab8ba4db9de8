import FoundationEssentials
import Reporting
import Subprocess

/// Runs the commands of the demo as processes of their own, in its folder. What they print goes where the demo prints.
struct CommandRunner: Sendable {
    let folder: String
    /// The program that is running now: what `descry` means in a command.
    let descry: String
    let style: TextStyle
    /// Prints at once.
    let say: @Sendable (String) -> Void

    /// Prints a command and runs it.
    ///
    /// - Returns: how long it took.
    /// - Throws: `DemoError` where it does not end with the exit code.
    @discardableResult
    func show(_ words: [String], exitCode: Int32 = 0) async throws -> Duration {
        say(style.paint("$ ", .dim) + style.paint(Self.line(words), .blue) + "\n")
        let start = ContinuousClock.now
        let result = try await Subprocess.run(
            executable(words[0]), arguments: Arguments(Array(words.dropFirst())), environment: environment,
            workingDirectory: literal(folder), platformOptions: Self.options, output: .currentStandardOutput,
            error: .currentStandardError)
        let took = start.duration(to: .now)
        try check(words, result.terminationStatus, exitCode)
        if exitCode != 0 { say(style.paint("(exit code \(exitCode))", .dim) + "\n") }
        return took
    }

    /// Runs a command that only sets the scene.
    ///
    /// - Throws: `DemoError` with what it printed, where it fails.
    func quietly(_ words: String...) async throws {
        let result = try await Subprocess.run(
            executable(words[0]), arguments: Arguments(Array(words.dropFirst())), environment: environment,
            workingDirectory: literal(folder), platformOptions: Self.options, output: .string(limit: 1 << 20),
            error: .combinedWithOutput)
        try check(words, result.terminationStatus, 0, printed: result.standardOutput)
    }

    /// An interrupted command may clean up.
    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        return options
    }

    private func check(
        _ words: [String], _ status: TerminationStatus, _ expected: Int32, printed: String = ""
    ) throws {
        if case .exited(expected) = status { return }
        try Task.checkCancellation()
        throw DemoError(
            "unexpected-end",
            "`\(Self.line(words))` ended with \(status), not with \(expected)" + (printed.isEmpty ? "" : ": \(printed)")
        )
    }

    private func executable(_ name: String) -> Executable {
        name == "descry" ? .path(literal(descry)) : .name(name)
    }

    /// The user's own, without what would make the commands do something else: settings of Descry, and of a git
    /// repository that the demo is started from.
    private var environment: Environment {
        var changes: [Environment.Key: String?] = [:]
        let repository = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"]
        for name in ProcessInfo.processInfo.environment.keys
        where name.hasPrefix("DESCRY_") || repository.contains(name) {
            changes[Environment.Key(stringLiteral: name)] = .some(nil)
        }
        changes["DESCRY_CACHE"] = folder + "/cache"
        changes["KUBECONFIG"] = folder + "/kubeconfig"
        return .inherit.updating(changes)
    }

    /// The command as a shell takes it.
    static func line(_ words: [String]) -> String {
        words.map { word in
            let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=@%+,".contains($0)) }
            return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }

    /// True where a program of that name is in `PATH`.
    static func isInstalled(_ name: String) -> Bool {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
}

/// Subprocess takes paths as swift-system's `FilePath`; being expressible by a literal is all that is needed of it here, and
/// spares a dependency on swift-system.
private func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path where Path.StringLiteralType == String {
    Path(stringLiteral: text)
}
