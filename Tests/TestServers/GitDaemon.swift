/// `git daemon` for one fixture, over `git://`.
public final class GitDaemon: Sendable {
    public let url: String
    private let server: BackgroundServer
    private let folder: TemporaryFolder

    public init(_ fixture: GitFixture) async throws {
        try Requirement.gitDaemon.demand()
        folder = try TemporaryFolder()
        let port = try BackgroundServer.freePort()
        url = "git://127.0.0.1:\(port)/deployments.git"
        server = try await BackgroundServer(
            "/usr/lib/git-core/git-daemon",
            [
                "--listen=127.0.0.1", "--port=\(port)", "--export-all", "--base-path=\(fixture.folder.path)",
                "--reuseaddr",
            ], folder: try folder.folder("daemon"), ports: [port])
    }
}
