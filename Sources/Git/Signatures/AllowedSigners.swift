import Documents

/// Whose signatures count: the list of `ssh-keygen -Y verify -f` and of git's `gpg.ssh.allowedSignersFile`.
///
/// Each line has the people (`principals`), what their signatures count for and when, and one key. Source: ssh-keygen(1),
/// “ALLOWED SIGNERS”.
public struct AllowedSigners: Sendable, Hashable {
    /// One line.
    public struct Entry: Sendable, Hashable {
        /// Who the key belongs to: names or patterns.
        public let principals: SignerPatterns
        /// What its signatures count for; nil for everything.
        public let namespaces: SignerPatterns?
        /// The first and last second, since 1970, at which they count; nil for no bound.
        public let validAfter: Int64?
        public let validBefore: Int64?
        /// True where the key signs certificates, and nothing else.
        public let isAuthority: Bool
        public let key: SSHPublicKey
        /// Where it stands in the file, from 1.
        public let line: Int
    }

    /// The name to print for the file.
    public let file: String
    public let entries: [Entry]
    /// Lines that can never match, such as one with a type of key that Descry doesn't know.
    public let warnings: [Diagnostic]

    /// Checks a signature, and that its key may sign for this purpose at this time.
    ///
    /// - Parameters:
    ///   - time: in seconds since 1970.
    ///   - principal: who is said to have signed; nil for anybody in the list.
    /// - Returns: the first line that allows it.
    /// - Throws: what ``SSHSignature/verify(_:namespace:)`` throws, and, all refused: `signer-unknown` where no line has the
    ///   key, `signer-mismatch` where none of those is this person's, `signer-namespace`, `signer-not-yet-valid`,
    ///   `signer-expired`; for a certificate also `certificate-unsuitable`.
    public func verify(
        _ signature: SSHSignature, over message: [UInt8], namespace: String, at time: Int64, as principal: String? = nil
    ) throws(GitError) -> VerifiedSigner {
        try signature.verify(message, namespace: namespace)
        if let certificate = signature.certificate {
            return try verify(certificate, namespace: namespace, at: time, as: principal)
        }
        let key = signature.publicKey
        let entry = try select(
            entries.filter { !$0.isAuthority && $0.key == key }, "key \(key.fingerprint)", namespace, time, principal
        ) { entry in principal.map { entry.principals.match($0) } ?? true }
        return VerifiedSigner(
            principal: principal ?? entry.principals.firstName ?? entry.principals.description, key: key,
            line: entry.line)
    }

    /// A key that an authority of the list vouches for: by a name that both the certificate and the line have.
    private func verify(
        _ certificate: SSHCertificate, namespace: String, at time: Int64, as principal: String?
    ) throws(GitError) -> VerifiedSigner {
        let authority = certificate.authority
        let names = certificate.principals.filter { principal == nil || $0 == principal }
        let entry = try select(
            entries.filter { $0.isAuthority && $0.key == authority }, "authority \(authority.fingerprint)", namespace,
            time, principal
        ) { entry in names.contains { entry.principals.match($0) } }
        try certificate.check(at: time)
        let name = names.first { entry.principals.match($0) } ?? ""
        return VerifiedSigner(principal: name, key: certificate.key, line: entry.line)
    }

    /// The first of some lines that lets somebody sign.
    private func select(
        _ own: [Entry], _ what: String, _ namespace: String, _ time: Int64, _ principal: String?,
        isNamed: (Entry) -> Bool
    ) throws(GitError) -> Entry {
        guard !own.isEmpty else {
            throw .refused(
                "signer-unknown", "The \(what) is not in \(file)",
                hint: "Add a line for it, if whoever has it may sign")
        }
        let named = own.filter(isNamed)
        guard let first = named.first else {
            throw .refused(
                "signer-mismatch",
                "The \(what) is not \(principal.map { printable($0, limit: 100) + "'s" } ?? "anybody's") in \(file)")
        }
        let forPurpose = named.filter { $0.namespaces?.match(namespace) ?? true }
        guard let candidate = forPurpose.first else {
            throw .refused(
                "signer-namespace", "\(file):\(first.line): the \(what) may not sign for “\(namespace)”",
                hint: "Add it to the namespaces of the line")
        }
        if let entry = forPurpose.first(where: { $0.isValid(at: time) }) { return entry }
        if let after = candidate.validAfter, time < after {
            throw .refused(
                "signer-not-yet-valid", "\(file):\(candidate.line): the \(what) wasn't valid yet")
        }
        throw .refused(
            "signer-expired", "\(file):\(candidate.line): the \(what) was no longer valid",
            hint: "Sign with a key that is valid")
    }

    /// Whether a line, at whatever time and for whatever purpose, lets somebody of this name sign with this key.
    public func allow(_ name: String, _ key: SSHPublicKey) -> Bool {
        entries.contains { !$0.isAuthority && $0.key == key && $0.principals.match(name) }
    }

    /// Whether two names stand, as themselves and in any case, in one line: then they are one person's.
    public func areOnePerson(_ one: String, _ other: String) -> Bool {
        let (one, other) = (one.lowercased(), other.lowercased())
        return entries.contains { entry in
            if entry.isAuthority { return false }
            let names = entry.principals.names.map { $0.lowercased() }
            return names.contains(one) && names.contains(other)
        }
    }
}

extension AllowedSigners.Entry {
    /// Both bounds belong to the time, as in OpenSSH.
    func isValid(at time: Int64) -> Bool {
        (validAfter.map { time >= $0 } ?? true) && (validBefore.map { time <= $0 } ?? true)
    }
}
