/// A container image reference, split as the container runtimes split it:
/// `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.
///
/// Source of the rule: the grammar of `distribution/reference`. Nothing is normalised (`nginx` stays `nginx`, it does
/// not become `docker.io/library/nginx`), because two spellings of one image still make the API server start a rollout.
public struct ContainerImage: Sendable, Hashable, CustomStringConvertible {
    /// Everything before the tag and the digest, the registry's host and port included.
    public let repository: String
    /// The part after the last `:`, where there is one behind the last `/`.
    public let tag: String?
    /// The part after `@`, such as `sha256:…`.
    public let digest: String?

    public init(repository: String, tag: String?, digest: String? = nil) {
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Splits what the API server reports. Every string is taken: a workload may hold any image, and it is only compared.
    public init(_ reference: String) {
        var rest = Substring(reference)
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        self.init(repository: String(rest), tag: tag, digest: digest)
    }

    public var description: String {
        repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
    }
}
