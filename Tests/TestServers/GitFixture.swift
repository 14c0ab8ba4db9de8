/// A bare repository in a temporary folder, written through `git fast-import`, for tests to read from.
public final class GitFixture: Sendable {
    /// What stands at a path.
    public enum File: Sendable, ExpressibleByStringLiteral {
        case text(String)
        case bytes([UInt8])
        case symlink(String)
        /// A gitlink to a commit that is elsewhere.
        case submodule(String)

        public init(stringLiteral value: String) { self = .text(value) }
    }

    /// What a commit follows on.
    public enum Parent: Sendable {
        /// The branch's tip; nothing where the branch is new.
        case tip
        /// Nothing: the branch's history begins anew, as with a force push.
        case none
        /// A commit: the branch is moved there first.
        case commit(String)
    }

    public let folder: TemporaryFolder
    /// The bare repository.
    public let path: String
    private let name: String

    /// - Parameters:
    ///   - name: the repository's folder.
    ///   - objectFormat: `sha1` or `sha256`.
    ///   - head: the branch that `HEAD` names.
    public init(name: String = "deployments.git", objectFormat: String = "sha1", head: String = "DEV") async throws {
        try Requirement.git.demand()
        folder = try TemporaryFolder()
        self.name = name
        path = folder.path + "/" + name
        try await Self.git([
            "init", "--quiet", "--bare", "--object-format=\(objectFormat)", "--initial-branch=\(head)", path,
        ])
        // Servers run in a test's own environment, where no other account's rules apply.
        try await git("config", "uploadpack.allowFilter", "true")
        try await git("config", "http.receivepack", "true")
    }

    /// A repository with the branches DEV, STAGE and LIVE, each with these files.
    public static func environments(_ files: [String: File]) async throws -> GitFixture {
        let fixture = try await GitFixture()
        for branch in ["DEV", "STAGE", "LIVE"] {
            try await fixture.commit(to: branch, files, message: "Deploy to \(branch)")
        }
        return fixture
    }

    /// Adds a commit that sets these files, and moves the branch to it. The others of the parent stay.
    ///
    /// - Parameter time: the committer's and author's time in seconds since 1970; each later commit needs a later one only
    ///   where a test is about that.
    /// - Returns: its name.
    @discardableResult
    public func commit(
        to branch: String, _ files: [String: File], message: String = "Deploy", parent: Parent = .tip,
        time: Int = 1_750_000_000
    ) async throws -> String {
        var stream = "commit refs/heads/\(branch)\ncommitter Dana Deploy <dana@example.com> \(time) +0000\n"
        stream += "data \(message.utf8.count)\n\(message)\n"
        switch parent {
        case .none: break
        case .commit(let id): stream += "from \(id)\n"
        case .tip:
            if let tip = try? await tip(of: branch) { stream += "from \(tip)\n" }
        }
        var bytes = Array(stream.utf8)
        for (path, file) in files.sorted(by: { $0.key < $1.key }) { bytes += Self.modification(path, file) }
        try await Self.git(["-C", path, "fast-import", "--quiet", "--force"], input: bytes)
        return try await tip(of: branch)
    }

    /// A history of `count` commits on a branch, each changing one file, one minute apart.
    public func grow(_ branch: String, by count: Int, from start: Int = 1_700_000_000) async throws {
        var stream = ""
        let tip = try? await tip(of: branch)
        for index in 0..<count {
            let text = "apps:\n  - name: app-\(index % 50)\n    version: 1.0.\(index)-rc-0123456\n"
            stream +=
                "commit refs/heads/\(branch)\ncommitter Dana Deploy <dana@example.com> \(start + index * 60) +0000\n"
            stream += "data 6\nDeploy\n"
            if index == 0, let tip { stream += "from \(tip)\n" }
            stream += "M 100644 inline apps/app-\(index % 50).yaml\ndata \(text.utf8.count)\n\(text)\n"
        }
        try await Self.git(["-C", path, "fast-import", "--quiet", "--force"], input: Array(stream.utf8))
    }

    /// The commit that a branch points at.
    public func tip(of branch: String) async throws -> String {
        try await git("rev-parse", "--verify", "--quiet", "refs/heads/\(branch)").filter { !$0.isWhitespace }
    }

    /// Moves a branch to a commit, whatever it pointed at before.
    public func move(_ branch: String, to commit: String) async throws {
        try await git("update-ref", "refs/heads/\(branch)", commit)
    }

    public func delete(_ branch: String) async throws {
        try await git("update-ref", "-d", "refs/heads/\(branch)")
    }

    /// Gives the repository a hook: a script for `sh`, run in the repository's folder.
    public func hook(_ name: String, _ script: String) throws {
        try TemporaryFolder.write("\(path)/hooks/\(name)", Array("#!/bin/sh\n\(script)\n".utf8), mode: 0o755)
    }

    /// Runs git in the repository.
    @discardableResult
    public func git(_ arguments: String...) async throws -> String {
        try await Self.git(["-C", path] + arguments)
    }

    @discardableResult
    private static func git(_ arguments: [String], input: [UInt8] = []) async throws -> String {
        try await Program.run(
            "git", arguments, input: input,
            variables: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"])
    }

    private static func modification(_ path: String, _ file: File) -> [UInt8] {
        func inline(_ mode: String, _ bytes: [UInt8]) -> [UInt8] {
            Array("M \(mode) inline \(path)\ndata \(bytes.count)\n".utf8) + bytes + [0x0a]
        }
        return switch file {
        case .text(let text): inline("100644", Array(text.utf8))
        case .bytes(let bytes): inline("100644", bytes)
        case .symlink(let target): inline("120000", Array(target.utf8))
        case .submodule(let id): Array("M 160000 \(id) \(path)\n".utf8)
        }
    }
}
