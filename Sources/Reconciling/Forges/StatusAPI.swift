import FoundationEssentials
import Git

/// How one kind of forge is told of a commit's status, and asked for it. Pure: what to send, and what an answer means.
protocol StatusAPI: Sendable {
    /// How many characters of a description it keeps.
    var descriptionLimit: Int { get }
    /// Its word for a state.
    func word(for state: CommitStatus.State) -> String
    /// The header that shows the token.
    func authorization(_ token: String) -> (name: String, value: String)
    /// Sets the status.
    func submission(_ status: CommitStatus, _ context: StatusContext) -> ForgeRequest
    /// Asks for the status that is set.
    func inquiry(_ commit: String, _ context: StatusContext) -> ForgeRequest
    /// What an answer to the inquiry says; nil where none is set.
    func known(_ body: [UInt8], _ context: StatusContext) throws -> KnownStatus?
    /// What the token must be allowed to do, for whoever has to mend it.
    var rights: String { get }
}

/// What a status is about, besides its commit.
struct StatusContext: Sendable, Hashable {
    let forge: Forge
    let environment: String
    let namespace: String
    let branch: String
    let target: LinkTemplate?

    init(_ environment: Environment, _ settings: CommitStatusSettings) {
        forge = settings.forge
        self.environment = environment.name
        namespace = environment.namespace
        branch = environment.branch.description
        target = settings.target
    }

    /// By which a status replaces the one before it, and keeps apart from other tools' and environments'.
    var name: String { "descry/\(environment)" }

    func link(_ commit: String) -> String? {
        target?.filled(environment: environment, namespace: namespace, branch: branch, commit: commit)
    }

    /// Below the API's URL, every part percent-encoded.
    func url(_ parts: String..., query: [(String, String)] = []) -> String {
        let path = parts.map { "/" + PercentEncoding.encode($0) }.joined()
        let pairs = query.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        return forge.api.text + path + (pairs.isEmpty ? "" : "?" + pairs)
    }
}

/// A request without its token.
struct ForgeRequest: Sendable, Hashable {
    var url: String
    /// Nil for a GET. Its keys are sorted.
    var body: [UInt8]?
    var headers: [String: String] = [:]

    init(url: String, headers: [String: String] = [:]) {
        self.url = url
        self.headers = headers
    }

    /// Values that are nil are left out.
    init(url: String, json fields: [String: String?], headers: [String: String] = [:]) {
        self.init(url: url, headers: headers)
        body = Array(JSONText.object(fields.compactMapValues { $0 }).utf8)
    }
}

/// A status as the forge has it.
struct KnownStatus: Sendable, Hashable {
    let word: String
    let description: String
}

extension Forge {
    var statuses: any StatusAPI {
        switch dialect {
        case .github: GitHubStatuses()
        case .gitlab: GitLabStatuses()
        case .gitea: GiteaStatuses()
        case .bitbucketCloud: BitbucketCloudStatuses()
        case .bitbucketDataCenter: BitbucketDataCenterStatuses()
        }
    }
}

/// Flat JSON objects with sorted keys.
private enum JSONText {
    static func object(_ fields: [String: String]) -> String {
        let pairs = fields.sorted { $0.key < $1.key }.map { "\(string($0.key)):\(string($0.value))" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
