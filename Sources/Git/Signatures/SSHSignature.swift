import Crypto
import FoundationEssentials

/// A signature in the format of `ssh-keygen -Y sign`, which git calls `gpg.format=ssh`.
///
/// It says by which key it was made and for what (`namespace`), and both can be trusted once ``verify(_:namespace:)`` has
/// returned. Whose key it is, ``AllowedSigners`` tell. Source: OpenSSH's PROTOCOL.sshsig.
public struct SSHSignature: Sendable, Hashable {
    /// How the message is digested before it is signed.
    enum Digest: String, Sendable, Hashable, CaseIterable {
        case sha256, sha512

        func callAsFunction(_ message: [UInt8]) -> [UInt8] {
            switch self {
            case .sha256: Array(SHA256.hash(data: message))
            case .sha512: Array(SHA512.hash(data: message))
            }
        }
    }

    public let publicKey: SSHPublicKey
    /// What says whose the key is, where the signature carries that.
    let certificate: SSHCertificate?
    /// What it was made for, such as `git`, so that a signature of one kind of text can't be passed off as one of another.
    public let namespace: String
    let digest: Digest
    /// The algorithm's name and its numbers.
    let signature: [UInt8]

    static let firstLine = "-----BEGIN SSH SIGNATURE-----"
    static let lastLine = "-----END SSH SIGNATURE-----"
    /// In bytes with its armor: more than ten times what the greatest RSA key takes.
    static let maximumSize = 65_536

    init(publicKey: SSHPublicKey, namespace: String, digest: Digest, signature: [UInt8]) {
        self.publicKey = publicKey
        certificate = nil
        self.namespace = namespace
        self.digest = digest
        self.signature = signature
    }

    /// Reads a signature with its `BEGIN` and `END` lines.
    ///
    /// - Throws: `signature-malformed`, `signature-version`, `signature-algorithm`, and the codes of a key that isn't one:
    ///   `key-malformed`, `key-unsupported`, `key-weak`; for a certificate `certificate-malformed`, `certificate-wrong` (all
    ///   refused).
    public init(armored text: [UInt8]) throws(GitError) {
        try self.init(blob: try Self.removingArmor(text))
    }

    init(blob: [UInt8]) throws(GitError) {
        let fields: (key: ArraySlice<UInt8>, namespace: String, digest: String, signature: [UInt8])
        do throws(SSHReader.Malformed) {
            var reader = SSHReader(blob)
            guard try reader.bytes(Self.preamble.count).elementsEqual(Self.preamble) else {
                throw SSHReader.Malformed(reason: "doesn't begin with SSHSIG")
            }
            guard try reader.uint32() == Self.version else { throw SSHReader.Malformed(reason: "isn't of version 1") }
            let key = try reader.string()
            let namespace = try reader.name()
            // Reserved: whatever stands there is not covered by the signature.
            guard try reader.string().isEmpty else { throw SSHReader.Malformed(reason: "uses a reserved field") }
            fields = (key, namespace, try reader.name(), Array(try reader.string()))
            try reader.end()
        } catch {
            throw Self.malformed(error.reason)
        }
        guard !fields.namespace.isEmpty else { throw Self.malformed("says not what it is for") }
        guard let digest = Digest(rawValue: fields.digest) else {
            throw .refused(
                "signature-algorithm",
                "An SSH signature digests its message by \(fields.digest); sha256 and sha512 are taken")
        }
        if SSHCertificate.isCertificate(fields.key) {
            let certificate = try SSHCertificate(blob: fields.key)
            self.certificate = certificate
            publicKey = certificate.key
        } else {
            certificate = nil
            publicKey = try SSHPublicKey(blob: fields.key)
        }
        namespace = fields.namespace
        self.digest = digest
        signature = fields.signature
    }

    /// Checks that the key which the signature names has made it, over this message and for this purpose.
    ///
    /// - Throws: `signature-namespace`, `signature-algorithm` (`ssh-rsa` with SHA-1 among them), `signature-wrong`,
    ///   `signature-without-presence` (all refused).
    public func verify(_ message: [UInt8], namespace: String) throws(GitError) {
        guard namespace == self.namespace else {
            throw .refused(
                "signature-namespace", "The signature was made for “\(self.namespace)”, not for “\(namespace)”",
                hint: "A signature counts only for the kind of text that it was made for")
        }
        let signed = Self.signedBytes(digest(message), namespace: namespace, digest: digest)
        try SSHVerification.check(signature, over: signed, by: publicKey)
    }

    /// What the key itself signs.
    static func signedBytes(_ hash: [UInt8], namespace: String, digest: Digest) -> [UInt8] {
        var writer = SSHWriter()
        writer.raw(preamble)
        writer.string(namespace)
        writer.string("")
        writer.string(digest.rawValue)
        writer.string(hash)
        return writer.bytes
    }

    /// With its `BEGIN` and `END` lines, 70 characters a line, as OpenSSH writes it.
    public var armored: [UInt8] {
        var writer = SSHWriter()
        writer.raw(Self.preamble)
        writer.uint32(Self.version)
        writer.string(certificate?.blob ?? publicKey.blob)
        writer.string(namespace)
        writer.string("")
        writer.string(digest.rawValue)
        writer.string(signature)
        var rest = Data(writer.bytes).base64EncodedString()[...]
        var lines = [Self.firstLine]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(70)))
            rest = rest.dropFirst(70)
        }
        return Array((lines + [Self.lastLine, ""]).joined(separator: "\n").utf8)
    }

    private static let preamble = Array("SSHSIG".utf8)
    private static let version: UInt32 = 1

    private static func removingArmor(_ text: [UInt8]) throws(GitError) -> [UInt8] {
        guard text.count <= maximumSize else { throw malformed("is longer than \(maximumSize) bytes") }
        var lines = text.split(separator: 0x0a, omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
        }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        guard lines.count >= 3, lines.first == firstLine, lines.last == lastLine else {
            throw malformed("doesn't stand between “\(firstLine)” and “\(lastLine)”")
        }
        let text = lines[1..<(lines.count - 1)].joined()
        // One signature, one text: the bits that the last character leaves unused are zero.
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else {
            throw malformed("isn't base64")
        }
        return Array(data)
    }

    static func malformed(_ reason: String) -> GitError {
        .refused("signature-malformed", "An SSH signature can't be read: it \(reason)")
    }
}
