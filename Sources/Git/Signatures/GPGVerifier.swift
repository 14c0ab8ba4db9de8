import Subprocess

/// Who made an OpenPGP signature, in gpg's words.
public struct GPGSigner: Sendable, Hashable {
    /// The primary key's fingerprint, in hexadecimal digits.
    public let fingerprint: String
    /// Such as `Dana Deploy <dana@example.com>`, cleared of control characters.
    public let name: String

    public init(fingerprint: String, name: String) {
        self.fingerprint = fingerprint
        self.name = name
    }
}

/// Checks OpenPGP signatures through the `gpg` program, with a keyring of the operator's.
///
/// Only a key that the keyring's owner trusts counts (`fully` or `ultimate`): having somebody's public key is no
/// statement about them.
public struct GPGVerifier: Sendable {
    /// The folder with the keyring, gpg's `--homedir`.
    let home: String
    /// A name to look up in `PATH`, or a path.
    let program: String
    let environment: [String: String]
    let deadline: Duration

    /// - Parameter environment: the process's own variables, for `PATH`.
    public init(
        home: String, program: String = "gpg", environment: [String: String], deadline: Duration = .seconds(30)
    ) {
        self.home = home
        self.program = program
        self.environment = environment
        self.deadline = deadline
    }

    /// - Throws: `gpg-missing`, `gpg-wrong`, `gpg-expired`, `gpg-revoked`, `gpg-unknown-key`, `gpg-untrusted` (refused),
    ///   `gpg-timeout`.
    public func verify(_ signature: [UInt8], over message: [UInt8]) async throws(GitError) -> GPGSigner {
        guard let path = program.contains("/") ? program : ProgramSearch.find(program, path: environment["PATH"]) else {
            throw .refused("gpg-missing", "There is no \(program) to check the signature with", hint: "Install gnupg")
        }
        let folder = try Disk.makeTemporaryFolder(environment["TMPDIR"])
        defer { Disk.delete(folder) }
        // gpg takes a detached signature from a file only, and a text in another file needs no pipe that could break.
        let files = (signature: folder + "/signature", message: folder + "/message")
        try Disk.replace(files.signature, with: signature)
        try Disk.replace(files.message, with: message)
        return try GPGStatus(try await status(path, files.signature, files.message)).signer()
    }

    /// The most that gpg may say, in bytes.
    private static let maximumSize = 1 << 20

    /// What gpg says on `--status-fd`.
    private func status(_ path: String, _ signature: String, _ message: String) async throws(GitError) -> String {
        let configuration = configuration(path, signature, message)
        let outcome: Result<String, GitError> = await withTaskGroup(of: Result<String, GitError>?.self) { group in
            group.addTask { await Self.run(configuration) }
            group.addTask {
                do { try await ContinuousClock().sleep(for: deadline) } catch { return nil }
                return .failure(.unreachable("gpg-timeout", "gpg didn't end within \(deadline)"))
            }
            defer { group.cancelAll() }
            for await outcome in group {
                if let outcome { return outcome }
            }
            return .failure(.cancelled)
        }
        if Task.isCancelled { throw .cancelled }
        return try outcome.get()
    }

    private func configuration(_ path: String, _ signature: String, _ message: String) -> Configuration {
        let arguments = [
            "--homedir", home, "--batch", "--no-tty", "--no-auto-key-retrieve", "--no-auto-key-locate",
            "--no-autostart", "--keyid-format=long", "--status-fd=1", "--verify", signature, message,
        ]
        var variables: [Environment.Key: String] = [:]
        for (name, value) in [
            ("PATH", environment["PATH"]), ("HOME", environment["HOME"]), ("TMPDIR", environment["TMPDIR"]),
            ("LC_ALL", "C"),
        ] {
            if let key = Environment.Key(rawValue: name), let value { variables[key] = value }
        }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(200))]
        options.processGroupID = 0
        return Configuration(
            executable: .path(ProcessCarrier.literal(path)), arguments: Arguments(arguments),
            environment: .custom(variables), platformOptions: options)
    }

    private static func run(_ configuration: Configuration) async -> Result<String, GitError> {
        do {
            let result = try await Subprocess.run(
                configuration, input: .none, output: .sequence, error: .discarded
            ) { execution in
                var bytes: [UInt8] = []
                for try await buffer in execution.standardOutput {
                    buffer.withUnsafeBytes { bytes += $0 }
                    guard bytes.count > maximumSize else { continue }
                    await execution.teardown(
                        using: [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(200))])
                    return Result<String, GitError>.failure(.internal("gpg", "gpg says more than 1 MiB"))
                }
                return .success(String(decoding: bytes, as: UTF8.self))
            }
            return result.closureResult
        } catch {
            return .failure(.internal("gpg", "gpg can't be run: \(printable(String(describing: error)))"))
        }
    }
}

/// gpg's answer for programs. Source: GnuPG's doc/DETAILS, “Format of the --status-fd output”.
struct GPGStatus: Sendable {
    /// Keyword and the rest, line by line.
    private let lines: [(keyword: Substring, rest: Substring)]

    init(_ text: String) {
        lines = text.split(whereSeparator: \.isNewline).compactMap { line in
            guard line.hasPrefix("[GNUPG:] ") else { return nil }
            let words = line.dropFirst(9).split(separator: " ", maxSplits: 1)
            return words.first.map { ($0, words.count > 1 ? words[1] : "") }
        }
    }

    /// - Throws: `gpg-wrong`, `gpg-expired`, `gpg-revoked`, `gpg-unknown-key`, `gpg-untrusted` (refused).
    func signer() throws(GitError) -> GPGSigner {
        let verdicts = lines.filter { Self.verdicts.contains(String($0.keyword)) }
        guard let verdict = verdicts.first, verdicts.count == 1 else {
            throw Self.refused("gpg-wrong", verdicts.isEmpty ? "found no signature" : "found several signatures")
        }
        switch verdict.keyword {
        case "GOODSIG": break
        case "EXPSIG": throw Self.refused("gpg-expired", "says that the signature has expired")
        case "EXPKEYSIG": throw Self.refused("gpg-expired", "says that the key has expired")
        case "REVKEYSIG": throw Self.refused("gpg-revoked", "says that the key was revoked")
        case "ERRSIG":
            if lines.contains(where: { $0.keyword == "NO_PUBKEY" }) {
                throw Self.refused("gpg-unknown-key", "does not have the key \(Self.word(verdict.rest))")
            }
            throw Self.refused("gpg-wrong", "can't check the signature")
        default: throw Self.refused("gpg-wrong", "says that the signature is wrong")
        }
        guard let valid = lines.first(where: { $0.keyword == "VALIDSIG" }) else {
            throw Self.refused("gpg-wrong", "does not say whose the signature is")
        }
        guard lines.contains(where: { ["TRUST_FULLY", "TRUST_ULTIMATE"].contains($0.keyword) }) else {
            throw .refused(
                "gpg-untrusted", "gpg has the key \(Self.word(valid.rest)), and doesn't trust it",
                hint: "Say that you do: gpg --edit-key KEY trust")
        }
        // The primary key's fingerprint is the tenth field; older gpg versions leave it out.
        let fields = valid.rest.split(separator: " ")
        let name = verdict.rest.split(separator: " ", maxSplits: 1).dropFirst().first ?? ""
        return GPGSigner(
            fingerprint: printable(String(fields.count >= 10 ? fields[9] : fields.first ?? ""), limit: 80),
            name: printable(String(name), limit: 200))
    }

    /// Each signature has one of them.
    private static let verdicts: Set<String> = ["GOODSIG", "BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"]

    private static func word(_ text: Substring) -> String {
        printable(String(text.prefix { $0 != " " }), limit: 80)
    }

    private static func refused(_ code: String, _ what: String) -> GitError { .refused(code, "gpg \(what)") }
}
