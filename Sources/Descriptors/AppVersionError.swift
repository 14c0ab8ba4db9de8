import Documents

/// Why a text is not an ``AppVersion``: each way to be wrong has its own code, message and hint.
public struct AppVersionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Stable kebab-case name, `version-…`.
    public let code: String
    public let message: String
    public let hint: String

    public var description: String { "\(message). \(hint)." }

    private init(_ code: String, _ message: String, _ hint: String) {
        (self.code, self.message, self.hint) = (code, message, hint)
    }

    private static let form = "MAJOR.MINOR.PATCH-(rc|release)-SHA"

    static let empty = AppVersionError("version-empty", "the version is empty", "Write it as \(form)")

    static func tooLong(_ length: Int) -> AppVersionError {
        AppVersionError(
            "version-too-long", "the version has \(length) bytes, and an image tag at most \(AppVersion.maxLength)",
            "Write it as \(form)")
    }

    static func prefix(_ text: String) -> AppVersionError {
        AppVersionError(
            "version-prefix", "a version begins with its major number, not with a v",
            "Write \(TerminalText.quoted(String(text.dropFirst())))")
    }

    static let buildMetadata = AppVersionError(
        "version-build-metadata", "a version cannot hold a + (SemVer build metadata), since an image tag cannot",
        "Write the commit behind a dash: \(form)")

    static func numbers(_ text: String) -> AppVersionError {
        AppVersionError(
            "version-numbers",
            "a version begins with three numbers separated by dots, not \(TerminalText.quoted(text))",
            "Write it as \(form), such as 1.4.0-release-020c8bb")
    }

    static func leadingZero(_ number: String) -> AppVersionError {
        let digits = number.drop { $0 == "0" }
        return AppVersionError(
            "version-leading-zero", "the number \(TerminalText.quoted(number)) has a leading zero",
            "SemVer allows none: write \(digits.isEmpty ? "0" : TerminalText.quoted(String(digits)))")
    }

    static func channelMissing(_ text: String) -> AppVersionError {
        AppVersionError(
            "version-channel-missing", "\(TerminalText.quoted(text)) names neither a channel nor a commit",
            "Write it as \(form): the image's tag, not only its numbers")
    }

    static func channelUnknown(_ channel: String) -> AppVersionError {
        let known = AppVersion.Channel.allCases.map(\.rawValue)
        let nearest = NearestName.of(channel, among: known)
        return AppVersionError(
            "version-channel-unknown", "\(TerminalText.quoted(channel)) is not a channel",
            nearest.map { "Did you mean \"\($0)\"?" } ?? "Channels are rc (from develop) and release (from master)")
    }

    static func shaMissing(_ text: String) -> AppVersionError {
        AppVersionError(
            "version-sha-missing", "\(TerminalText.quoted(text)) has no commit behind its channel",
            "Write it as \(form)")
    }

    static func shaUpperCase(_ sha: String) -> AppVersionError {
        AppVersionError(
            "version-sha-upper-case", "the commit \(TerminalText.quoted(sha)) has upper-case digits",
            "Write \(TerminalText.quoted(sha.lowercased(), limit: 64))")
    }

    static func shaCharacters(_ sha: String) -> AppVersionError {
        AppVersionError(
            "version-sha-characters", "the commit \(TerminalText.quoted(sha)) is not made of hex digits only",
            "A commit has the digits 0-9 and a-f, and nothing stands behind it")
    }

    static func shaTooShort(_ length: Int) -> AppVersionError {
        AppVersionError(
            "version-sha-too-short", "the commit has \(length) digits, and 7 are the fewest that name one",
            "Write the full commit")
    }

    static func shaTooLong(_ length: Int) -> AppVersionError {
        AppVersionError(
            "version-sha-too-long", "the commit has \(length) digits, and a SHA-256 has 64",
            "Write the commit as git prints it")
    }
}
