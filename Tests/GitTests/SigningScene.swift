import TestServers

@testable import Git

/// A repository in which commits are signed by keys made for the test.
final class SigningScene: Sendable {
    let keys: SSHKeys
    let repository: String
    private let variables: [String: String]

    /// - Parameters:
    ///   - keys: where they are made; new ones by default.
    ///   - repository: a bare repository; a new one by default.
    ///   - variables: what git gets besides, such as `GNUPGHOME`.
    init(keys: SSHKeys? = nil, repository: String? = nil, variables: [String: String] = [:]) async throws {
        self.keys = try keys ?? SSHKeys()
        self.variables = variables.merging([
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
            "GIT_AUTHOR_NAME": "Dana Deploy", "GIT_AUTHOR_EMAIL": "dana@example.com",
            "GIT_COMMITTER_NAME": "Dana Deploy", "GIT_COMMITTER_EMAIL": "dana@example.com",
        ]) { $1 }
        self.repository = repository ?? self.keys.folder.path + "/repository.git"
        if repository == nil {
            try await Program.run("git", ["init", "--quiet", "--bare", self.repository], variables: self.variables)
        }
    }

    /// A commit of an empty tree on HEAD, or on other parents; signed by an SSH key, or by gpg's key of this name.
    func commit(
        _ message: String, signedBy key: SSHKeys.Key? = nil, gpg: String? = nil, time: Int = 1_750_000_000,
        parents: [CommitID]? = nil
    ) async throws -> CommitID {
        let tree = try await git(["hash-object", "-t", "tree", "-w", "--stdin"])
        var arguments: [String] = []
        if let key { arguments += ["-c", "gpg.format=ssh", "-c", "user.signingKey=\(key.path)"] }
        arguments += ["commit-tree", tree]
        if key != nil { arguments.append("-S") }
        if let gpg { arguments.append("-S\(gpg)") }
        let all: [String]
        if let parents {
            all = parents.map(\.description)
        } else {
            let head = try? await git(["rev-parse", "--verify", "--quiet", "refs/heads/scene"])
            all = [head].compactMap { $0 }
        }
        for parent in all { arguments += ["-p", parent] }
        let id = try await git(
            arguments, input: Array(message.utf8),
            ["GIT_AUTHOR_DATE": "\(time) +0200", "GIT_COMMITTER_DATE": "\(time) +0200"])
        if parents == nil { _ = try await git(["update-ref", "refs/heads/scene", id]) }
        return try CommitID(id)
    }

    /// A commit's own text.
    func bytes(of id: CommitID) async throws -> [UInt8] {
        Array(
            try await Program.run(
                "git", ["-C", repository, "cat-file", "commit", id.description], variables: variables
            ).utf8)
    }

    /// The same as a reader for ``CommitVerifier``.
    func text(_ id: CommitID) async throws(GitError) -> [UInt8]? {
        do { return try await bytes(of: id) } catch { throw .internal("test", "\(error)") }
    }

    /// Stores a commit as it stands.
    func write(_ bytes: [UInt8]) async throws -> CommitID {
        try CommitID(try await git(["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], input: bytes))
    }

    /// Checks a commit here.
    func verify(_ id: CommitID, _ signers: String, gpg: GPGVerifier? = nil) async throws -> CommitSigner {
        let list = try AllowedSigners.parse(Array(signers.utf8), file: "signers")
        return try await CommitVerifier(rule: .tip, allowedSigners: list, gpg: gpg)
            .verify(try await bytes(of: id), id: id)
    }

    /// `git verify-commit` with a list of allowed signers.
    func gitAccepts(_ id: CommitID, _ signers: String) async throws -> Bool {
        let file = "\(keys.folder.path)/\(UInt64.random(in: .min ... .max)).signers"
        try TemporaryFolder.write(file, Array(signers.utf8))
        do {
            _ = try await git(["-c", "gpg.ssh.allowedSignersFile=\(file)", "verify-commit", id.description])
            return true
        } catch is Program.Failure { return false }
    }

    /// A header with its continuation lines, where git puts it: behind the committer.
    static func insert(_ signature: [UInt8], into commit: [UInt8], header: String = "gpgsig") -> [UInt8] {
        let text = String(decoding: commit, as: UTF8.self)
        var lines = String(decoding: signature, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        let field = header + " " + lines.joined(separator: "\n ") + "\n"
        let end = text.firstRange(of: "\n\n")?.lowerBound ?? text.endIndex
        return Array((text[..<end] + "\n" + field + text[end...].dropFirst()).utf8)
    }

    private func git(
        _ arguments: [String], input: [UInt8] = [], _ more: [String: String] = [:]
    ) async throws -> String {
        try await Program.run(
            "git", ["-C", repository] + arguments, input: input, variables: variables.merging(more) { $1 }
        ).filter { !$0.isNewline }
    }
}
