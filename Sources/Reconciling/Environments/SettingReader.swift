import Descriptors
import Documents
import Git
import Rollouts

/// What is wrong with the text of one setting.
struct SettingProblem: Error {
    let code: String
    let message: String
    let hint: String?
    /// True where the text must not be shown.
    let hidesSource: Bool

    init(_ code: String, _ message: String, hint: String?, hidesSource: Bool = false) {
        (self.code, self.message, self.hint, self.hidesSource) = (code, message, hint, hidesSource)
    }
}

/// Turns the text of a setting into its value, the same way for a file, a variable and a flag.
struct SettingReader {
    /// Prefix for relative paths: the folder of the environment file, or empty where they are the process's own.
    let folder: String

    func value(of setting: EnvironmentSetting, _ text: String) throws(SettingProblem) -> EnvironmentSettings.Value {
        guard !text.isEmpty else { throw SettingProblem("empty-value", "\(setting.rawValue) is empty", hint: nil) }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw SettingProblem(
                "invalid-value", "\(setting.rawValue) holds a control character", hint: "Remove it", hidesSource: true)
        }
        switch setting.shape {
        case .repository: return .repository(try repository(text))
        case .branch: return .branch(try branch(text))
        case .descriptorPath: return .text(try descriptorPath(text))
        case .label: return .text(try label(text))
        case .registry: return .text(try registry(text))
        case .channels: return .channels(try channels(text.split(separator: ",").map { trimmed($0) }))
        case .server: return .text(try server(text))
        case .path: return .text(try path(text, of: setting))
        case .text: return .text(text)
        case .duration: return .duration(try duration(text))
        case .onFailure: return .onFailure(try choice(text, of: setting))
        case .stuckPods: return .stuckPods(try choice(text, of: setting))
        case .drift: return .drift(try choice(text, of: setting))
        case .objectName: return .text(try objectName(text))
        case .checkURL: return .text(try checkURL(text))
        case .forge: return .forge(try forge(text, of: setting))
        case .forgeURL: return .text(try forgeURL(text))
        case .link: return .link(try LinkTemplate(text))
        case .person: return .person(try person(text))
        case .windows, .signatureRule, .count, .bool:
            throw SettingProblem(
                "invalid-value", "\(setting.rawValue) can't be said in one text", hint: "Say it in the environment file"
            )
        }
    }

    /// Channels by name, at least one, none twice.
    func channels(_ names: [String]) throws(SettingProblem) -> Set<AppVersion.Channel> {
        var channels: Set<AppVersion.Channel> = []
        for name in names {
            let channel: AppVersion.Channel = try choice(name, of: .versions)
            guard channels.insert(channel).inserted else {
                throw SettingProblem(
                    "duplicate-name", "\(TerminalText.quoted(name)) stands twice in versions",
                    hint: "Remove one of them")
            }
        }
        if channels.isEmpty {
            throw SettingProblem("empty-list", "versions names no channel", hint: "Name rc, release, or both")
        }
        return channels
    }

    private func repository(_ text: String) throws(SettingProblem) -> RemoteURL {
        if RepositoryText.holdsCredentials(text) {
            throw SettingProblem(
                "credentials-in-url", "the repository's URL holds credentials",
                hint: "Remove everything before the @, and set git.username with git.passwordFile, or git.tokenFile",
                hidesSource: true)
        }
        do throws(GitError) {
            let remote = try RemoteURL(text)
            guard remote.scheme == .local, !folder.isEmpty, !text.hasPrefix("/"), !text.contains("://") else {
                return remote
            }
            return try RemoteURL(resolved(text))
        } catch {
            throw SettingProblem("invalid-repository", error.message, hint: error.hint)
        }
    }

    private func branch(_ text: String) throws(SettingProblem) -> BranchName {
        if text.hasPrefix("refs/heads/") {
            throw SettingProblem(
                "invalid-branch", "\(TerminalText.quoted(text)) is a ref, not the name of a branch",
                hint: "Write \(TerminalText.quoted(String(text.dropFirst(11))))")
        }
        do throws(GitError) {
            return try BranchName(text)
        } catch {
            throw SettingProblem(
                "invalid-branch", error.message, hint: error.hint ?? "Write the branch as `git branch` prints it")
        }
    }

    private func descriptorPath(_ text: String) throws(SettingProblem) -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) {
            throw SettingProblem(
                "invalid-path", "\(TerminalText.quoted(text)) is not a path inside the branch",
                hint: "Write it from the root of the repository, without a leading slash, `.` and `..`")
        }
        return text
    }

    private func label(_ text: String) throws(SettingProblem) -> String {
        guard let problem = DNSLabel.problem(with: text) else { return text }
        throw SettingProblem(DNSLabel.code, problem.message, hint: problem.hint)
    }

    private func registry(_ text: String) throws(SettingProblem) -> String {
        do throws(ImageRepositoryError) {
            return try ImageRepository(registry: text).description
        } catch {
            throw SettingProblem("invalid-registry", error.message, hint: error.hint)
        }
    }

    private func server(_ text: String) throws(SettingProblem) -> String {
        if RepositoryText.holdsCredentials(text) {
            throw SettingProblem(
                "credentials-in-url", "the API server's URL holds credentials",
                hint: "Remove everything before the @, and set cluster.tokenFile", hidesSource: true)
        }
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "https:" || parts[0] == "http:", parts[1].isEmpty,
            let host = parts[2].split(separator: "/", omittingEmptySubsequences: false).first, !host.isEmpty,
            !text.contains(where: { $0 == " " || $0 == "?" || $0 == "#" })
        else {
            throw SettingProblem(
                "invalid-server", "\(TerminalText.quoted(text)) is not the URL of an API server",
                hint: "Write it as https://HOST[:PORT]")
        }
        return text
    }

    /// A DNS-1123 subdomain, as the names of CronJobs are: labels with dots between them.
    private func objectName(_ text: String) throws(SettingProblem) -> String {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for label in labels {
            guard let problem = DNSLabel.problem(with: label) else { continue }
            throw SettingProblem(DNSLabel.code, problem.message, hint: problem.hint)
        }
        guard text.utf8.count <= 253 else {
            throw SettingProblem(
                DNSLabel.code, "\(TerminalText.quoted(text, limit: 80)) has \(text.utf8.count) characters",
                hint: "Kubernetes allows at most 253 in such a name")
        }
        return text
    }

    private func checkURL(_ text: String) throws(SettingProblem) -> String {
        if RepositoryText.holdsCredentials(text) {
            throw SettingProblem(
                "credentials-in-url", "the URL to check holds credentials",
                hint: "Remove everything before the @: the check asks as nobody in particular", hidesSource: true)
        }
        let form = #/https?://(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?:[/?][!-"$-~]*)?/#
        guard let match = text.wholeMatch(of: form),
            match.1.map({ (1...65535).contains(Int($0) ?? 0) }) ?? true
        else {
            throw SettingProblem(
                "invalid-url", "\(TerminalText.quoted(text)) is not a URL that can be asked",
                hint: "Write it as https://HOST[:PORT]/PATH, without a fragment, other characters percent-encoded")
        }
        return text
    }

    private func person(_ text: String) throws(SettingProblem) -> CommitIdentity {
        do throws(GitError) {
            return try CommitIdentity(text, time: 0)
        } catch {
            throw SettingProblem("invalid-value", error.message, hint: error.hint)
        }
    }

    /// Forgejo speaks as Gitea does.
    private func forge(_ text: String, of setting: EnvironmentSetting) throws(SettingProblem) -> ForgeProvider {
        text == "forgejo" ? .gitea : try choice(text, of: setting)
    }

    private func forgeURL(_ text: String) throws(SettingProblem) -> String {
        if RepositoryText.holdsCredentials(text) {
            throw SettingProblem(
                "credentials-in-url", "the forge's URL holds credentials",
                hint: "Remove everything before the @, and set forge.tokenFile", hidesSource: true)
        }
        let url: WebAddress
        do throws(InvalidURL) {
            url = try WebAddress(text)
        } catch {
            throw SettingProblem(
                "invalid-url", "\(TerminalText.quoted(text)) is not the URL of a forge's API",
                hint: "Write it as https://HOST[:PORT][/PATH], such as https://git.example.com/api/v4")
        }
        guard url.isEncrypted || url.isLoopback else {
            throw SettingProblem(
                "plain-http", "\(TerminalText.quoted(text)) would get the token in clear text", hint: "Write https://")
        }
        return url.text
    }

    private func path(_ text: String, of setting: EnvironmentSetting) throws(SettingProblem) -> String {
        if text == "~" || text.hasPrefix("~/") {
            throw SettingProblem(
                "invalid-path", "\(setting.rawValue) begins with ~, which only a shell knows",
                hint: "Write the whole path")
        }
        if text.hasPrefix("-----BEGIN") {
            throw SettingProblem(
                "inline-secret", "\(setting.rawValue) holds a key or certificate itself",
                hint: "Put it into a file, and write the file's path", hidesSource: true)
        }
        if RepositoryText.isToken(text) {
            throw SettingProblem(
                "inline-secret", "\(setting.rawValue) holds a token itself, not the path of a file with one",
                hint: "Withdraw the token, put a new one into a file, and write the file's path", hidesSource: true)
        }
        return resolved(text)
    }

    private func resolved(_ path: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
    }

    private func duration(_ text: String) throws(SettingProblem) -> Duration {
        do throws(DurationTextError) {
            return try DurationText.parse(text)
        } catch {
            throw SettingProblem(DurationTextError.code, error.message, hint: error.hint)
        }
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, of setting: EnvironmentSetting
    ) throws(SettingProblem) -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        let nearest = NearestName.of(text, among: known)
        throw SettingProblem(
            "unknown-choice", "\(TerminalText.quoted(text)) is not a choice for \(setting.rawValue)",
            hint: nearest.map { "Did you mean \"\($0)\"?" } ?? "Choices are \(known.joined(separator: ", "))")
    }

    private func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// What can be told of a URL without parsing it, since one that cannot be parsed may hold a password, too.
enum RepositoryText {
    /// The prefixes by which forges let their tokens be recognised.
    static func isToken(_ text: String) -> Bool {
        !text.contains("/")
            && [
                "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "ATATT3", "ATCTT3", "ATBB",
                "BBDC-",
            ]
            .contains { text.hasPrefix($0) && text.count >= 20 }
    }

    /// A password in any URL, and anything before the `@` of an HTTP URL: tokens are often put in the user's place.
    static func holdsCredentials(_ text: String) -> Bool {
        guard let at = text.lastIndex(of: "@") else { return false }
        guard let separator = text.firstRange(of: "://") else {
            // user@host:path has its colon behind the @; one before it, without a slash, would be a password.
            let user = text[..<at]
            return user.contains(":") && !user.contains("/")
        }
        let authority = text[separator.upperBound...].prefix { $0 != "/" }
        guard let userEnd = authority.lastIndex(of: "@") else { return false }
        return text.lowercased().hasPrefix("http") || authority[..<userEnd].contains(":")
    }
}
