import Descriptors
import Documents
import Reporting

/// The message of a commit that changes versions: what is deployed where, and trailers for programs.
struct ChangeMessage: Sendable {
    /// The trailers' names (git-interpret-trailers(1)).
    enum Trailer: String {
        case app = "App"
        case version = "Version"
        case promotedFrom = "Promoted-From"
        case restoredFrom = "Restored-From"
        case reverts = "Reverts"
        case reason = "Reason"
        case build = "Build-URL"
        case sourceCommit = "Source-Commit"
    }

    let environment: String
    let purpose: ChangePurpose
    /// Never empty.
    let apps: [ChangeReport.App]
    /// In place of the subject and body that it has otherwise.
    let words: String?
    let origin: ChangeOrigin

    /// How many apps the subject names.
    private static let namedApps = 3

    var text: String {
        let head = words ?? "\(subject)\n\n\(body)"
        return "\(head)\n\n\(trailers)\n"
    }

    private var subject: String {
        switch purpose {
        case .deploy: "Deploy \(names(" ")) to \(environment)"
        case .promote(let source, _): "Promote \(names(" ")) from \(source) to \(environment)"
        case .rollBack: "Roll back \(names(" to ")) in \(environment)"
        case .revert: "Revert \(names(" to ")) in \(environment)"
        }
    }

    private func names(_ between: String) -> String {
        guard apps.count <= Self.namedApps else { return "\(apps.count) apps" }
        return apps.map { "\($0.app)\(between)\(AppVersion.short($0.to))" }.joined(separator: ", ")
    }

    private var body: String {
        guard case .revert(let commit, let reasons) = purpose else { return changes }
        return
            "\(changes)\n\nCommit \(commit.prefix(10)) failed in \(environment) (\(reasons.joined(separator: ", "))), and what "
            + "runs there went back."
    }

    private var changes: String {
        apps.map { app in "\(app.app) \(app.from) → \(app.to)" + (app.remark.map { " (\($0))" } ?? "") }
            .joined(separator: "\n")
    }

    private var trailers: String {
        var lines = apps.flatMap { [line(.app, $0.app), line(.version, $0.to)] }
        switch purpose {
        case .deploy: break
        case .promote(let source, let commit): lines.append(line(.promotedFrom, "\(source)@\(commit)"))
        case .rollBack(let commits): lines += commits.map { line(.restoredFrom, "\(environment)@\($0)") }
        case .revert(let commit, let reasons):
            lines += [line(.reverts, commit)] + reasons.map { line(.reason, $0) }
        }
        if let build = origin.build { lines.append(line(.build, build)) }
        if let commit = origin.sourceCommit { lines.append(line(.sourceCommit, commit)) }
        return lines.joined(separator: "\n")
    }

    private func line(_ trailer: Trailer, _ value: String) -> String { "\(trailer.rawValue): \(value)" }
}

/// Which build and which source a change comes from.
public struct ChangeOrigin: Sendable, Hashable {
    /// The build's URL.
    public let build: String?
    /// The commit that the app was built from: 7 to 64 hexadecimal digits.
    public let sourceCommit: String?

    /// - Parameters:
    ///   - build: the build's URL.
    ///   - sourceCommit: the commit that the app was built from.
    /// - Throws: `build-url`, `source-commit` where they can't be that.
    public init(build: String?, sourceCommit: String?) throws(Refused) {
        var problems: [Diagnostic] = []
        if let build, !Self.isLine(build) {
            problems.append(
                Diagnostic(code: "build-url", message: "a build's URL is one line without blanks", file: "--build-url"))
        }
        if let sourceCommit, !Self.isCommit(sourceCommit) {
            problems.append(
                Diagnostic(
                    code: "source-commit", message: "\(TerminalText.quoted(sourceCommit)) is not the name of a commit",
                    hint: "It has 7 to 64 hexadecimal digits", file: "--source-commit"))
        }
        if !problems.isEmpty { throw Refused(problems) }
        self.build = build
        self.sourceCommit = sourceCommit?.lowercased()
    }

    /// From what CI servers set, less what can't be meant so: Jenkins' `BUILD_URL` and `GIT_COMMIT`, GitLab's `CI_JOB_URL` and
    /// `CI_COMMIT_SHA`, GitHub's `GITHUB_SHA`.
    public static func variables(_ variables: [String: String], build: String?) -> (
        build: String?, sourceCommit: String?
    ) {
        let commit = ["GIT_COMMIT", "CI_COMMIT_SHA", "GITHUB_SHA"].lazy.compactMap { variables[$0] }.first(
            where: isCommit)
        return (build.flatMap { isLine($0) ? $0 : nil }, commit)
    }

    private static func isLine(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 2048
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    }

    private static func isCommit(_ text: String) -> Bool {
        (7...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
            }
    }
}

extension AppVersion {
    /// With the commit cut to seven digits, as reports show it.
    static func short(_ text: String) -> String {
        guard let dash = text.lastIndex(of: "-") else { return text }
        return String(text[...dash] + text[text.index(after: dash)...].prefix(7))
    }
}
