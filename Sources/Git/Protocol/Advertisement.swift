/// What a server says first: what it can do (protocol v2), or that and all its refs (v0 and v1).
enum Advertisement: Sendable, Hashable {
    case v2(Capabilities)
    case v0(Capabilities, refs: [AdvertisedRef])

    var capabilities: Capabilities {
        switch self {
        case .v2(let capabilities), .v0(let capabilities, _): capabilities
        }
    }
}

/// A ref in a server's list.
struct AdvertisedRef: Sendable, Hashable {
    let name: String
    /// nil where the ref is a symbolic one to a branch that doesn't exist yet (`unborn`).
    let id: CommitID?
    /// What a symbolic ref points at.
    var symbolicTarget: String?
    /// The object behind an annotated tag.
    var peeled: CommitID?
}

/// Words a server gave of itself, each with its value where it has one: `agent`, `ls-refs`, `fetch`, `object-format`.
struct Capabilities: Sendable, Hashable {
    private var values: [String: [String]] = [:]

    mutating func add(_ word: some StringProtocol) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        values[String(parts[0]), default: []].append(parts.count > 1 ? String(parts[1]) : "")
    }

    func contains(_ name: String) -> Bool { values[name] != nil }

    func values(of name: String) -> [String] { values[name] ?? [] }

    /// Whether a command of v2 has a feature, such as `shallow` of `fetch`.
    func command(_ name: String, has feature: String) -> Bool {
        values(of: name).contains { $0.split(separator: " ").contains { $0 == feature } }
    }

    func checkObjectFormat() throws(GitError) {
        for format in values(of: "object-format") where format != "sha1" {
            guard format == "sha256" else {
                throw .refused("object-format", "The repository names its objects by “\(printable(format, limit: 40))”")
            }
            throw ProtocolError.sha256
        }
    }
}
