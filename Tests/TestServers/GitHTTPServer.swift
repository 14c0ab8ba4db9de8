import FoundationEssentials
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// `git http-backend` behind nginx and fcgiwrap: over HTTP, over TLS from a private authority, and with every kind of
/// login. Repositories are served from folders below ``root``.
///
/// | path | what it does |
/// | --- | --- |
/// | `/git/…` | anyone may read, protocol v2 |
/// | `/v0/…` | the same, but the server doesn't see that v2 is asked for |
/// | `/basic/…` | user ``user``, password ``password`` |
/// | `/bearer/…` | token ``token`` |
/// | `/same/…` | redirects to `/git/…` |
/// | `/elsewhere/…` | redirects to another port |
/// | `/downgrade/…` | redirects to http |
/// | `/login/…` | redirects to a page |
/// | `/status/NNN/…` | answers that status |
/// | `/dumb/…` | the repository as plain files |
public final class GitHTTPServer: Sendable {
    public static let user = "dana"
    public static let password = PlantedSecret.marker + "-password"
    public static let token = PlantedSecret.marker + "-token"

    /// Put or link repositories here.
    public let root: String
    public let authority: PrivateAuthority
    /// An authority that signed nothing here.
    public let otherAuthority: PrivateAuthority
    public let client: PrivateAuthority.Identity
    public let strangeClient: PrivateAuthority.Identity
    /// `http://127.0.0.1:PORT`.
    public let plain: String
    /// `https://127.0.0.1:PORT`, with a good certificate.
    public let secure: String
    /// The same server by a name that its certificate doesn't give.
    public let otherName: String
    public let expired: String
    /// Wants a client certificate.
    public let mutual: String
    private let folder: TemporaryFolder
    private let webFolder: String
    private let gateway: BackgroundServer
    private let web: BackgroundServer
    private let fixtures = Mutex<[GitFixture]>([])

    /// The one that all suites of this process share; it ends with the process.
    public static let shared = Task { try await GitHTTPServer() }

    public init() async throws {
        try Requirement.httpServer.demand()
        folder = try TemporaryFolder()
        root = try folder.folder("repositories")
        let certificates = try folder.folder("certificates")
        authority = try await PrivateAuthority(folder: certificates)
        otherAuthority = try await PrivateAuthority(folder: certificates, name: "other")
        let names = "IP:127.0.0.1,DNS:localhost"
        let good = try await authority.issue("good", names: names)
        let other = try await authority.issue("othername", names: "DNS:git.invalid")
        let late = try await authority.issue("late", names: names, isExpired: true)
        client = try await authority.issue("client", names: "DNS:client")
        strangeClient = try await otherAuthority.issue("stranger", names: "DNS:client")
        let ports = try (0..<5).map { _ in try BackgroundServer.freePort() }
        plain = "http://127.0.0.1:\(ports[0])"
        secure = "https://127.0.0.1:\(ports[1])"
        otherName = "https://127.0.0.1:\(ports[2])"
        expired = "https://127.0.0.1:\(ports[3])"
        mutual = "https://127.0.0.1:\(ports[4])"

        let gatewayFolder = try folder.folder("gateway")
        let socket = gatewayFolder + "/fcgi.sock"
        gateway = try await BackgroundServer(
            "fcgiwrap", ["-f", "-c", "4", "-s", "unix:" + socket], folder: gatewayFolder, ports: [], socket: socket)
        webFolder = try folder.folder("web")
        let hash = try await Program.run("openssl", ["passwd", "-apr1", Self.password])
        try TemporaryFolder.write(webFolder + "/users", Array("\(Self.user):\(hash)".utf8))
        let configuration = Self.configuration(
            folder: webFolder, root: root, socket: socket, ports: ports, good: good, other: other, late: late,
            authority: authority.certificate)
        try TemporaryFolder.write(webFolder + "/nginx.conf", Array(configuration.utf8))
        web = try await BackgroundServer(
            "nginx", ["-p", webFolder, "-c", webFolder + "/nginx.conf", "-e", webFolder + "/error.log"],
            folder: webFolder, ports: ports)
    }

    /// Takes a served repository away, for as long as the body runs.
    public func without<Value>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        let (here, away) = ("\(root)/\(name)", "\(root)/\(name).away")
        guard rename(here, away) == 0 else { throw Program.Failure(description: "\(here) can't be moved") }
        let value = try await body()
        guard rename(away, here) == 0 else { throw Program.Failure(description: "\(away) can't be moved") }
        return value
    }

    /// Serves a fixture as long as the server runs, and returns the last part of its URLs.
    public func serve(_ fixture: GitFixture) throws -> String {
        let name = "r\(UInt64.random(in: .min ... .max))"
        guard symlink(fixture.path, "\(root)/\(name).git") == 0 else {
            throw Program.Failure(description: "\(fixture.path) can't be linked")
        }
        fixtures.withLock { $0.append(fixture) }
        return name + ".git"
    }

    /// The requests for a repository so far, as `GET /git/NAME/info/refs?…`. The newest of a connection may not be in it yet.
    public func requests(for name: String) throws -> [String] {
        try String(contentsOfFile: "\(webFolder)/requests.log", encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { $0.contains("/\(name)/") }
    }

    private static func configuration(
        folder: String, root: String, socket: String, ports: [Int], good: PrivateAuthority.Identity,
        other: PrivateAuthority.Identity, late: PrivateAuthority.Identity, authority: String
    ) -> String {
        func backend(_ prefix: String, version2: Bool = true, extra: String = "") -> String {
            """
            location ~ ^/\(prefix)(/.*)$ {
              \(extra)
              fastcgi_pass unix:\(socket);
              fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
              fastcgi_param GIT_PROJECT_ROOT \(root);
              fastcgi_param GIT_HTTP_EXPORT_ALL 1;
              fastcgi_param GIT_CONFIG_GLOBAL /dev/null;
              fastcgi_param PATH_INFO $1;
              fastcgi_param QUERY_STRING $query_string;
              fastcgi_param REQUEST_METHOD $request_method;
              fastcgi_param CONTENT_TYPE $content_type;
              fastcgi_param CONTENT_LENGTH $content_length;
              fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
              fastcgi_param REMOTE_USER $remote_user;
              fastcgi_param REMOTE_ADDR $remote_addr;
              \(version2 ? "fastcgi_param GIT_PROTOCOL $http_git_protocol;" : "")
            }
            """
        }
        let locations = [
            backend("git"), backend("v0", version2: false),
            backend("basic", extra: "auth_basic descry; auth_basic_user_file \(folder)/users;"),
            backend("bearer", extra: "if ($http_authorization != \"Bearer \(token)\") { return 401; }"),
            "location ~ ^/same/(.*)$ { return 301 $scheme://$http_host/git/$1$is_args$args; }",
            "location ~ ^/elsewhere/(.*)$ { return 302 $scheme://127.0.0.1:1/git/$1$is_args$args; }",
            "location ~ ^/downgrade/(.*)$ { return 302 http://127.0.0.1:\(ports[0])/git/$1$is_args$args; }",
            "location /login { return 302 $scheme://$http_host/sign-in; }",
            "location /sign-in { default_type text/html; return 200 '<html>Sign in</html>'; }",
            "location ~ ^/status/(400|401|403|404|410|418|429|500|502|503)/ { set $code $1; include \(folder)/status.conf; }",
            "location /dumb/ { alias \(root)/; default_type text/plain; }",
        ].joined(separator: "\n")
        let statuses = [400, 401, 403, 404, 410, 418, 429, 500, 502, 503].map {
            "if ($code = \($0)) { return \($0) \"the server's own words: $http_authorization\"; }"
        }
        .joined(separator: "\n")
        do {
            try TemporaryFolder.write(folder + "/status.conf", Array("default_type text/plain;\n\(statuses)".utf8))
        } catch {
            return "# \(error)"
        }
        func server(_ port: Int, _ identity: PrivateAuthority.Identity?, extra: String = "") -> String {
            let tls = identity.map { "ssl_certificate \($0.certificate);\nssl_certificate_key \($0.key);" } ?? ""
            return
                "server { listen 127.0.0.1:\(port)\(identity == nil ? "" : " ssl");\n\(tls)\n\(extra)\n\(locations) }"
        }
        return """
            daemon off;
            worker_processes 2;
            pid \(folder)/nginx.pid;
            error_log \(folder)/error.log;
            \(getuid() == 0 ? "user root;" : "")
            events { worker_connections 256; }
            http {
              log_format requests '$request_method $request_uri';
              access_log \(folder)/requests.log requests;
              client_body_temp_path \(folder)/body;
              fastcgi_temp_path \(folder)/fastcgi;
              proxy_temp_path \(folder)/proxy;
              uwsgi_temp_path \(folder)/uwsgi;
              scgi_temp_path \(folder)/scgi;
              client_max_body_size 64m;
              gzip on;
              gzip_types *;
              gzip_min_length 20;
              \(server(ports[0], nil))
              \(server(ports[1], good))
              \(server(ports[2], other))
              \(server(ports[3], late))
              \(server(ports[4], good, extra: "ssl_verify_client on; ssl_client_certificate \(authority);"))
            }
            """
    }
}
