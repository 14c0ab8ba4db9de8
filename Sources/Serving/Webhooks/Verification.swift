import Crypto
import FoundationEssentials
import Reconciling

/// How each forge proves that a delivery is its own: over the bytes as they arrived, before anything in them is read.
struct Verification: Sendable {
    /// What a secret proved.
    struct Proof: Sendable, Hashable {
        /// All that the signature covers.
        var content: [UInt8]
        /// When the sender says that it was signed, in seconds since 1970; nil where the signature covers no time.
        var signedAt: Int64?

        /// Tells one delivery from another.
        var digest: [UInt8] { Array(SHA256.hash(data: content)) }
    }

    /// HMAC-SHA256 codes of which one has to be right.
    private struct Signed: Sendable {
        var codes: [[UInt8]]
        var proof: Proof
    }

    private let provider: ForgeProvider
    private let body: [UInt8]
    private var signed: Signed?
    /// The secret itself, as GitLab sends one that is no signing token.
    private var token: [UInt8]?

    /// Nil where the delivery claims nothing that could be verified.
    init?(_ delivery: WebhookDelivery) {
        provider = delivery.provider
        body = delivery.body
        switch delivery.provider {
        case .github: signed = Self.overBody(delivery, Self.prefixed(delivery.header("X-Hub-Signature-256")))
        case .gitea: signed = Self.overBody(delivery, Self.gitea(delivery))
        case .bitbucket: signed = Self.overBody(delivery, Self.prefixed(delivery.header("X-Hub-Signature")))
        case .generic: signed = Self.generic(delivery)
        case .gitlab:
            signed = Self.standard(delivery)
            token = delivery.header("X-Gitlab-Token").map { Array($0.utf8) }
        }
        if signed == nil, token == nil { return nil }
    }

    /// What this secret proves of the delivery; nil where nothing.
    func proof(secret: [UInt8]) -> Proof? {
        var key = secret
        if provider == .gitlab {
            guard let signingKey = Self.signingKey(secret) else {
                guard let token, Signature.isSame(token, secret) else { return nil }
                return Proof(content: body, signedAt: nil)
            }
            key = signingKey
        }
        guard let signed,
            signed.codes.contains(where: { Signature.isValid($0, of: signed.proof.content, key: key) })
        else { return nil }
        return signed.proof
    }

    /// Source: docs.github.com, "Validating webhook deliveries"; docs.gitea.com and forgejo.org/docs, "Webhooks";
    /// support.atlassian.com, "Manage webhooks", and the same header for Bitbucket Data Center.
    private static func overBody(_ delivery: WebhookDelivery, _ hex: Substring?) -> Signed? {
        guard let hex, let code = Signature.code(hex: hex) else { return nil }
        return Signed(codes: [code], proof: Proof(content: delivery.body, signedAt: nil))
    }

    private static func prefixed(_ value: String?) -> Substring? {
        guard let value, value.hasPrefix("sha256=") else { return nil }
        return value.dropFirst("sha256=".count)
    }

    /// Of several headers the first decides alone: a wrong one is not made good by another.
    private static func gitea(_ delivery: WebhookDelivery) -> Substring? {
        for name in ["X-Forgejo-Signature", "X-Gitea-Signature"] where delivery.has(name) {
            return delivery.header(name)?[...]
        }
        return prefixed(delivery.header("X-Hub-Signature-256"))
    }

    /// Descry's own: `TIMESTAMP.BODY` is signed (docs/run.md, "Webhooks").
    private static func generic(_ delivery: WebhookDelivery) -> Signed? {
        guard let time = timestamp(delivery.header("X-Descry-Timestamp")),
            let hex = prefixed(delivery.header("X-Descry-Signature-256")), let code = Signature.code(hex: hex)
        else { return nil }
        let content = Array("\(time.text).".utf8) + delivery.body
        return Signed(codes: [code], proof: Proof(content: content, signedAt: time.seconds))
    }

    /// Source: standardwebhooks.com, which GitLab's signing tokens follow: `ID.TIMESTAMP.BODY` is signed.
    private static func standard(_ delivery: WebhookDelivery) -> Signed? {
        guard let id = delivery.header("webhook-id"), let time = timestamp(delivery.header("webhook-timestamp")),
            let header = delivery.header("webhook-signature")
        else { return nil }
        // While a key is rotated there are two signatures; a stranger must not make work for a thousand.
        let codes = header.split(separator: " ").prefix(4).compactMap { part -> [UInt8]? in
            guard part.hasPrefix("v1,") else { return nil }
            return Data(base64Encoded: String(part.dropFirst(3))).map(Array.init)
        }
        let content = Array("\(id).\(time.text).".utf8) + delivery.body
        return Signed(codes: codes, proof: Proof(content: content, signedAt: time.seconds))
    }

    /// A time since 1970 in digits, and the digits as they were sent and signed.
    private static func timestamp(_ value: String?) -> (text: String, seconds: Int64)? {
        guard let value, (1...12).contains(value.utf8.count), value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(value)
        else { return nil }
        return (value, seconds)
    }

    /// The key that a signing token of GitLab encodes; nil where the secret is a plain one.
    private static func signingKey(_ secret: [UInt8]) -> [UInt8]? {
        let prefix = Array("whsec_".utf8)
        guard secret.starts(with: prefix) else { return nil }
        let encoded = String(decoding: secret.dropFirst(prefix.count), as: UTF8.self)
        guard let key = Data(base64Encoded: encoded), !key.isEmpty else { return nil }
        return Array(key)
    }
}
