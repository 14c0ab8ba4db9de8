import Descriptors
import Git
import Logging
import Reconciling
import Reporting
import TestServers
import Testing

/// A deployment repository with a descriptor on DEV, and the way to it.
struct SetScene: Sendable {
    /// How the repository is reached.
    enum Way: String, CaseIterable, Sendable {
        case http, ssh, local

        static var available: [Way] {
            allCases.filter { way in
                switch way {
                case .http: Requirement.httpServer.isToRun
                case .ssh: Requirement.sshServer.isToRun
                case .local: true
                }
            }
        }
    }

    let fixture: GitFixture
    var url: String
    let way: Way
    private let server: GitHTTPServer?
    var channels: Set<AppVersion.Channel> = Set(AppVersion.Channel.allCases)
    var deadlines = GitDeadlines(
        connect: .seconds(60), idle: .seconds(120), total: .seconds(300), lock: .seconds(120), hooks: .seconds(120))

    static let old = "1.0.0-rc-0123456"
    static let new = "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343"

    /// - Parameters:
    ///   - apps: those of the descriptor, each with a comment.
    ///   - isAlone: serve it by an HTTP server of its own: one that is kept busy must not keep other tests waiting.
    init(_ way: Way, apps: [String] = ["backend", "frontend"], isAlone: Bool = false) async throws {
        self.way = way
        server = way == .http ? isAlone ? try await GitHTTPServer() : try await GitHTTPServer.shared.value : nil
        let lines = apps.map { "  - name: \($0)  # it is \($0)\n    version: \"\(Self.old)\"\n" }
        fixture = try await GitFixture.environments([
            "deploy-descriptor.yaml": .text("# Who runs what\napps:\n" + lines.joined()), "README.md": "read me\n",
        ])
        switch way {
        case .local: url = fixture.path
        case .http:
            let server = try #require(server)
            url = "\(server.secure)/basic/\(try server.serve(fixture))"
        case .ssh: url = try await SSHServer.shared.value.url(fixture)
        }
    }

    /// Runs one `set` with a cache of its own, as another machine would.
    func set(
        _ arguments: [String], message: String? = nil, pushOptions: [String] = [], isDryRun: Bool = false,
        timeout: Duration = .seconds(280)
    ) async throws -> ChangeReport {
        let cache = try TemporaryFolder()
        let repository = try GitRepository(
            remote: try RemoteURL(url), options: try await options(cache),
            logger: TestOutput.logger)
        do {
            let report = try await set(arguments, repository, message, pushOptions, isDryRun, timeout)
            await repository.close()
            return report
        } catch {
            await repository.close()
            throw error
        }
    }

    private func set(
        _ arguments: [String], _ repository: GitRepository, _ message: String?, _ pushOptions: [String],
        _ isDryRun: Bool, _ timeout: Duration
    ) async throws -> ChangeReport {
        var requested = RequestedVersions()
        try requested.add(arguments: arguments)
        let authorship = try CommitAuthorship(
            author: "Ann Example <ann@example.com>", committer: nil, variables: [:], configured: { nil })
        let location = try EnvironmentSettings.flags([
            .repository: url, .versions: channels.map(\.rawValue).sorted().joined(separator: ","),
        ]).location(name: "DEV")
        let change = VersionChange(
            location: location, repository: repository,
            commit: VersionChange.Commit(
                message: message, authorship: authorship, origin: try ChangeOrigin(build: nil, sourceCommit: nil),
                pushOptions: pushOptions), isDryRun: isDryRun, timeout: timeout)
        return try await SetVersions(requested, change).run()
    }

    func options(_ cache: TemporaryFolder) async throws -> GitOptions {
        var options = try await way.options(cache, deadlines: deadlines)
        if let server { options.certificateAuthority = server.authority.certificate }
        return options
    }

    /// The descriptor on DEV as it is on the server.
    var descriptor: String {
        get async throws { try await fixture.git("show", "DEV:deploy-descriptor.yaml") }
    }

    /// The commits of DEV, the newest first.
    var history: [String] {
        get async throws {
            try await fixture.git("log", "--format=%H", "DEV").split(separator: "\n").map(String.init)
        }
    }
}

extension SetScene.Way {
    /// Where a repository is to be found by this way, on the servers that all tests share.
    func url(of fixture: GitFixture) async throws -> String {
        switch self {
        case .local: return fixture.path
        case .http:
            let server = try await GitHTTPServer.shared.value
            return "\(server.secure)/basic/\(try server.serve(fixture))"
        case .ssh: return try await SSHServer.shared.value.url(fixture)
        }
    }

    /// What it takes to read from it and to push to it.
    func options(_ cache: TemporaryFolder, deadlines: GitDeadlines = GitDeadlines()) async throws -> GitOptions {
        let environment = [
            "PATH": Program.environment("PATH") ?? "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        ]
        var options = GitOptions(cacheDirectory: cache.path + "/cache", deadlines: deadlines, environment: environment)
        switch self {
        case .local: break
        case .http:
            options.credentials = GitCredentials(
                username: .text(GitHTTPServer.user), password: .text(GitHTTPServer.password))
            options.certificateAuthority = try await GitHTTPServer.shared.value.authority.certificate
        case .ssh:
            let server = try await SSHServer.shared.value
            options.sshCommand = server.command(key: server.ed25519)
        }
        return options
    }
}
