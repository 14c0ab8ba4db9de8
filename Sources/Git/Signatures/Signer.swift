import Documents

/// Signs texts with an SSH key, in the format of `ssh-keygen -Y sign`: with a key from a file that has no passphrase by
/// itself, with any other by the user's `ssh-agent`.
public struct Signer: Sendable {
    private enum Hand: Sendable {
        case key(SSHPrivateKey)
        case agent(SSHAgent)
    }

    public let publicKey: SSHPublicKey
    private let hand: Hand

    /// The longest key file, in bytes.
    private static let maximumFileSize = 64 << 10

    /// Finds the key, and who signs with it.
    ///
    /// - Parameters:
    ///   - key: what git's `user.signingKey` may be: the path of a private key, the path of a public key whose private half
    ///     the agent has, or such a public key itself, with or without `key::` before it. Nil for the only key of the agent.
    ///   - agent: the path of the agent's socket, as in `SSH_AUTH_SOCK`; nil where there is none.
    /// - Throws: `key-file` (denied) where it can't be read; `key-format`, `key-malformed`, `key-unsupported`, `key-weak`
    ///   (refused); `key-encrypted` where the key has a passphrase and the agent doesn't have it, `agent-missing`,
    ///   `agent-ambiguous`, `agent-empty` (denied); `agent-unreachable`.
    public static func open(_ key: String?, agent socket: String?) async throws(GitError) -> Signer {
        let agent = socket.flatMap { $0.isEmpty ? nil : SSHAgent(socket: $0) }
        guard let key else { return try await only(agent) }
        if let literal = literal(key) {
            let publicKey = try SSHPublicKey(literal)
            return Signer(publicKey: publicKey, hand: .agent(try needed(agent, publicKey)))
        }
        let bytes: [UInt8]
        do throws(BoundedFile.Problem) { bytes = try BoundedFile.read(key, limit: maximumFileSize) } catch {
            throw .denied("key-file", "The key \(printable(key)) can't be read: \(error)")
        }
        guard bytes.starts(with: SSHPrivateKey.firstLine.utf8) else {
            return try publicKeyFile(bytes, key, agent)
        }
        switch try SSHPrivateKey.read(bytes) {
        case .usable(let privateKey): return Signer(publicKey: privateKey.publicKey, hand: .key(privateKey))
        case .onDevice(let publicKey): return Signer(publicKey: publicKey, hand: .agent(try needed(agent, publicKey)))
        case .encrypted(let publicKey):
            if let agent, try await agent.identities().contains(publicKey) {
                return Signer(publicKey: publicKey, hand: .agent(agent))
            }
            throw .denied(
                "key-encrypted", "The key \(printable(key)) has a passphrase, and no ssh-agent has the key",
                hint: "Give it to the agent, which asks for the passphrase: ssh-add \(printable(key))")
        }
    }

    /// Signs a text for a purpose, such as `git` for a commit. Checked before it is returned.
    ///
    /// - Returns: the signature with its `BEGIN` and `END` lines.
    /// - Throws: `agent-refused` (denied), `agent-unreachable`, `agent-timeout`, and where an agent signs with another key
    ///   or wrongly, what ``SSHSignature/verify(_:namespace:)`` throws.
    public func sign(_ message: [UInt8], namespace: String) async throws(GitError) -> [UInt8] {
        let digest = SSHSignature.Digest.sha512
        let bytes = SSHSignature.signedBytes(digest(message), namespace: namespace, digest: digest)
        let raw =
            switch hand {
            case .key(let key): try key.sign(bytes)
            case .agent(let agent): try await agent.sign(bytes, with: publicKey)
            }
        let signature = SSHSignature(publicKey: publicKey, namespace: namespace, digest: digest, signature: raw)
        try signature.verify(message, namespace: namespace)
        return signature.armored
    }

    /// `key::` stands before a key of any type; without it git takes those that begin with `ssh-`.
    private static func literal(_ text: String) -> Substring? {
        if text.hasPrefix("key::") { return text.dropFirst(5) }
        return text.hasPrefix("ssh-") && text.contains(" ") ? text[...] : nil
    }

    private static func publicKeyFile(_ bytes: [UInt8], _ path: String, _ agent: SSHAgent?) throws(GitError) -> Signer {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("-----BEGIN") || !text.contains(" ") {
            throw .refused(
                "key-format", "\(printable(path)) holds no key in OpenSSH's format",
                hint: "`ssh-keygen -p -f FILE` writes a private key in it")
        }
        let publicKey = try SSHPublicKey(text.prefix { !$0.isNewline })
        return Signer(publicKey: publicKey, hand: .agent(try needed(agent, publicKey)))
    }

    private static func needed(_ agent: SSHAgent?, _ key: SSHPublicKey) throws(GitError) -> SSHAgent {
        if let agent { return agent }
        throw .denied(
            "agent-missing", "Only an ssh-agent can sign with the key \(key.fingerprint), and there is none",
            hint: "Start one, so that SSH_AUTH_SOCK is set: eval $(ssh-agent); ssh-add FILE")
    }

    private static func only(_ agent: SSHAgent?) async throws(GitError) -> Signer {
        guard let agent else {
            throw .denied(
                "agent-missing", "No key is named to sign with, and there is no ssh-agent",
                hint: "Name a key, or start an agent, so that SSH_AUTH_SOCK is set")
        }
        let keys = try await agent.identities()
        guard let key = keys.first else {
            throw .denied("agent-empty", "The ssh-agent has no key that can sign", hint: "ssh-add FILE gives it one")
        }
        guard keys.count == 1 else {
            throw .denied(
                "agent-ambiguous", "The ssh-agent has \(keys.count) keys, and none is named to sign with",
                hint: "Name one by its .pub file")
        }
        return Signer(publicKey: key, hand: .agent(agent))
    }
}
