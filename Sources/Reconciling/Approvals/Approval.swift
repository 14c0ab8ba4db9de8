import Documents
import FoundationEssentials
import Git

/// One person's word that a commit may be deployed to an environment: the text that is signed.
///
/// The text is canonical: whatever is read is written again and compared, so that what was signed can't be read in two
/// ways.
///
///     descry-approval 1
///     environment LIVE
///     repository git.example.com/shop/deployments
///     commit 6e3a1f0c6bd7bd2fc4a1a1ea1f0f5a5d6c0d7b55
///     signer dana@example.com
///     time 2026-11-21T13:00:00Z
///     expires 2026-11-22T13:00:00Z
///
/// The last line may be absent. The commit's name covers all of its content and history, the descriptor included.
public struct Approval: Sendable, Hashable {
    public let environment: String
    /// As ``RepositoryIdentity`` names it.
    public let repository: String
    public let commit: CommitID
    /// By a name of the list of allowed signers.
    public let signer: String
    /// When it was given, in seconds since 1970.
    public let time: Int64
    /// The first second at which it no longer counts; nil where it says nothing of that.
    public let expires: Int64?

    /// What its signature is made for, so that no other signature can be passed off as an approval, nor the other way round.
    public static let namespace = "descry-approval"

    public init(
        environment: String, repository: RepositoryIdentity, commit: CommitID, signer: String, time: Int64,
        expires: Int64?
    ) throws(ApprovalProblem) {
        try self.init(
            environment: environment, repositoryName: repository.description, commit: commit, signer: signer,
            time: time,
            expires: expires)
    }

    private init(
        environment: String, repositoryName: String, commit: CommitID, signer: String, time: Int64, expires: Int64?
    ) throws(ApprovalProblem) {
        guard EnvironmentName.problem(with: environment) == nil else { throw .malformed("names no environment") }
        guard Self.isLine(repositoryName) else { throw .malformed("names no repository") }
        guard Self.isLine(signer) else { throw .malformed("names no signer") }
        guard Self.times.contains(time), expires.map({ $0 > time && Self.times.contains($0) }) ?? true else {
            throw .malformed("has a time that is none, or ends before it begins")
        }
        self.environment = environment
        repository = repositoryName
        self.commit = commit
        self.signer = signer
        self.time = time
        self.expires = expires
    }

    /// Years of four digits.
    private static let times: Range<Int64> = 0..<253_402_300_800

    /// Something, at most 500 bytes, that stays one line in every program.
    private static func isLine(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 500 && TerminalText.escaped(text) == text && !text.hasPrefix(" ")
            && !text.hasSuffix(" ")
    }
}

/// Why an approval doesn't count: a stable code, and a sentence.
public struct ApprovalProblem: Error, Sendable, Hashable, CustomStringConvertible {
    public let code: String
    public let message: String

    init(_ code: String, _ message: String) { (self.code, self.message) = (code, message) }

    static func malformed(_ reason: String) -> ApprovalProblem {
        ApprovalProblem("approval-malformed", "The approval \(reason)")
    }

    public var description: String { message }
}

extension Approval {
    private static let firstLine = "descry-approval 1"
    private static let fields = ["environment", "repository", "commit", "signer", "time", "expires"]

    /// The text that is signed, with a line end behind each line.
    public var text: [UInt8] {
        var lines = [
            Self.firstLine, "environment \(environment)", "repository \(repository)", "commit \(commit)",
            "signer \(signer)", "time \(Self.format(time))",
        ]
        if let expires { lines.append("expires \(Self.format(expires))") }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// - Throws: `approval-malformed`, `approval-version`.
    public init(text: [UInt8]) throws(ApprovalProblem) {
        guard text.count <= 4096, let whole = String(validating: text, as: UTF8.self), whole.utf8.last == 0x0a else {
            throw .malformed("isn't a text of at most 4,096 bytes")
        }
        let lines = whole.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard lines.first.map({ $0 == Self.firstLine }) ?? false else {
            throw lines.first?.hasPrefix("descry-approval ") ?? false
                ? ApprovalProblem("approval-version", "The approval is of a version that this Descry doesn't know")
                : .malformed("doesn't begin with “\(Self.firstLine)”")
        }
        var values: [String: String] = [:]
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2, Self.fields.contains(String(words[0])) else {
                throw .malformed("has a line that means nothing")
            }
            values[String(words[0])] = String(words[1])
        }
        guard let environment = values["environment"], let repository = values["repository"],
            let name = values["commit"], let commit = try? CommitID(name), let signer = values["signer"],
            let time = values["time"].flatMap(Self.parse)
        else { throw .malformed("lacks a line, or says nothing there") }
        let expires = values["expires"].flatMap(Self.parse)
        try self.init(
            environment: environment, repositoryName: repository, commit: commit, signer: signer, time: time,
            expires: expires)
        // Lines twice, in another order, or a time written otherwise.
        guard self.text == text else { throw .malformed("isn't written as Descry writes it") }
    }

    private static func format(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }

    private static func parse(_ text: String) -> Int64? {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        return Int64(date.timeIntervalSince1970)
    }
}
