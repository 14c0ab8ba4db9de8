#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// `sshd` on loopback with its own host key, and users' keys that it takes or doesn't.
public final class SSHServer: Sendable {
    /// Private keys that the server takes.
    public let ed25519: String
    public let rsa: String
    /// A key that it doesn't know.
    public let unknownKey: String
    /// Files of known hosts: with the server's key, with another key for the same address, and an empty one.
    public let knownHosts: String
    public let changedHosts: String
    public let noHosts: String
    public let port: Int
    /// The account that the tests run under, which is the only one there is to log in to.
    public let user: String
    private let folder: TemporaryFolder
    private let server: BackgroundServer

    /// The one that all suites of this process share; it ends with the process.
    public static let shared = Task { try await SSHServer() }

    public init() async throws {
        try Requirement.sshServer.demand()
        folder = try TemporaryFolder()
        guard let entry = getpwuid(getuid()) else { throw Program.Failure(description: "this account has no name") }
        user = String(cString: entry.pointee.pw_name)
        // sshd, run by root, insists on its privilege separation folder.
        if getuid() == 0 { mkdir("/run/sshd", 0o755) }
        let host = folder.path + "/host"
        let otherHost = folder.path + "/otherhost"
        (ed25519, rsa, unknownKey) = (folder.path + "/ed25519", folder.path + "/rsa", folder.path + "/unknown")
        for (path, type) in [
            (host, "ed25519"), (otherHost, "ed25519"), (ed25519, "ed25519"), (rsa, "rsa"), (unknownKey, "ed25519"),
        ] {
            try await Program.run("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "descry test", "-f", path])
        }
        port = try BackgroundServer.freePort()
        let keys = try await Program.run("cat", [ed25519 + ".pub", rsa + ".pub"])
        let authorized = try folder.write("authorized_keys", keys)
        let hostKey = try await Program.run("cat", [host + ".pub"])
        let otherKey = try await Program.run("cat", [otherHost + ".pub"])
        knownHosts = try folder.write("known_hosts", "[127.0.0.1]:\(port) \(hostKey)")
        changedHosts = try folder.write("changed_hosts", "[127.0.0.1]:\(port) \(otherKey)")
        noHosts = try folder.write("no_hosts", "")
        let serverFolder = try folder.folder("server")
        let configuration = try folder.write(
            "sshd_config",
            """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(host)
            AuthorizedKeysFile \(authorized)
            PidFile \(serverFolder)/sshd.pid
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            StrictModes no
            PermitRootLogin prohibit-password
            AcceptEnv GIT_PROTOCOL
            MaxStartups 100
            LogLevel ERROR
            """)
        server = try await BackgroundServer(
            "sshd", ["-D", "-e", "-f", configuration], folder: serverFolder, ports: [port])
    }

    /// The words of an `ssh` that uses this key and these known hosts, and nothing of the user's own.
    public func command(key: String, knownHosts: String? = nil) -> [String] {
        [
            "ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o",
            "UserKnownHostsFile=\(knownHosts ?? self.knownHosts)", "-o", "GlobalKnownHostsFile=/dev/null", "-o",
            "StrictHostKeyChecking=yes",
        ]
    }

    /// The URL of a fixture.
    public func url(_ fixture: GitFixture) -> String { "ssh://\(user)@127.0.0.1:\(port)\(fixture.path)" }
}
