import Documents
import Git

/// The repository's project on its forge, as the forge's API names it.
public struct Forge: Sendable, Hashable, CustomStringConvertible {
    /// Whose API is spoken.
    enum Dialect: String, Sendable, Hashable {
        case github
        case gitlab
        case gitea
        case bitbucketCloud
        case bitbucketDataCenter
    }

    let dialect: Dialect
    /// What the paths of the API begin with: `https://api.github.com`.
    let api: WebAddress
    /// The names from the outermost group to the repository, not encoded.
    let project: [String]

    /// `shop/deployments at https://api.github.com`.
    public var description: String { "\(project.joined(separator: "/")) at \(api.text)" }

    /// - Parameter api: where it is not what the repository's address suggests.
    /// - Throws: `conflicting-settings` for a forge without an API for statuses, `unknown-forge` where the repository is on no
    ///   server, `unknown-forge-project` where its path names no project.
    init(_ provider: ForgeProvider, api given: String?, repository: RemoteURL) throws(SettingProblem) {
        guard provider != .generic else {
            throw SettingProblem(
                "conflicting-settings", "a generic forge has no commit statuses, so forge.tokenFile is for nothing",
                hint: "Remove it, or name the forge's provider")
        }
        guard repository.scheme != .local, !repository.host.isEmpty else {
            throw SettingProblem(
                "unknown-forge", "\(repository) is on no forge that could be told of deployments",
                hint: "Remove forge.tokenFile, or give the repository by its URL")
        }
        do throws(InvalidURL) {
            api = try WebAddress(given ?? Self.suggestion(provider, repository))
        } catch {
            throw SettingProblem(
                "unknown-forge", "the forge's API cannot be told by \(repository)", hint: "Set forge.url")
        }
        let isCloud = api.host == "api.bitbucket.org" || api.path.hasSuffix("/2.0")
        dialect =
            switch provider {
            case .github: .github
            case .gitlab: .gitlab
            case .gitea, .generic: .gitea
            case .bitbucket: isCloud ? .bitbucketCloud : .bitbucketDataCenter
            }
        project = Self.project(repository, dialect, api)
        let expected = dialect == .gitlab ? 2...20 : 2...2
        guard expected.contains(project.count), !project.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else {
            throw SettingProblem(
                "unknown-forge-project",
                "the path of \(repository) names no project of \(provider.rawValue): it has \(project.count) parts",
                hint: dialect == .gitlab ? "GROUP/PROJECT is expected" : "OWNER/REPOSITORY is expected")
        }
    }

    /// The public forges have their APIs elsewhere; all others below their own address. An `http` repository's token goes over
    /// TLS all the same, unless it stays on this machine.
    private static func suggestion(_ provider: ForgeProvider, _ repository: RemoteURL) -> String {
        let name = repository.host.hasPrefix("www.") ? String(repository.host.dropFirst(4)) : repository.host
        switch (provider, name) {
        case (.github, "github.com"), (.github, "ssh.github.com"): return "https://api.github.com"
        case (.gitlab, "gitlab.com"), (.gitlab, "altssh.gitlab.com"): return "https://gitlab.com/api/v4"
        case (.bitbucket, "bitbucket.org"), (.bitbucket, "altssh.bitbucket.org"):
            return "https://api.bitbucket.org/2.0"
        default: break
        }
        let host = repository.host.contains(":") ? "[\(repository.host)]" : repository.host
        let port = repository.port.map { ":\($0)" } ?? ""
        var base = "https://" + host + (repository.scheme == .https ? port : "")
        if repository.scheme == .http, repository.isLoopback { base = "http://" + host + port }
        return base + ending(provider)
    }

    private static func ending(_ provider: ForgeProvider) -> String {
        switch provider {
        case .github: "/api/v3"
        case .gitlab: "/api/v4"
        case .gitea: "/api/v1"
        case .bitbucket, .generic: ""
        }
    }

    private static func project(_ repository: RemoteURL, _ dialect: Dialect, _ api: WebAddress) -> [String] {
        let isHTTP = repository.scheme == .https || repository.scheme == .http
        var path = isHTTP ? PercentEncoding.decode(repository.path) : repository.path
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix(".git") { path.removeLast(4) }
        if !path.hasPrefix("/") { path = "/" + path }
        // A forge below a path of its own, as GitLab calls a relative URL root.
        if isHTTP {
            let root =
                ["/api/v4", "/api/v3", "/api/v1"].first { api.path.hasSuffix($0) }
                .map { String(api.path.dropLast($0.count)) } ?? (dialect == .bitbucketDataCenter ? api.path : "")
            if !root.isEmpty, path.hasPrefix(root + "/") { path.removeFirst(root.count) }
        }
        var parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if dialect == .bitbucketDataCenter, isHTTP, parts.first == "scm" { parts.removeFirst() }
        return parts
    }
}
