/// An authority's word for a key: whose it is, and from when to when.
///
/// Source: OpenSSH's PROTOCOL.certkeys.
struct SSHCertificate: Sendable, Hashable {
    /// The key that it is about.
    let key: SSHPublicKey
    /// The key that signed it.
    let authority: SSHPublicKey
    /// Whose the key is.
    let principals: [String]
    let blob: [UInt8]
    private let isUsers: Bool
    /// In seconds since 1970; the first second that it is valid in, and the first that it is not.
    private let validAfter: UInt64
    private let validBefore: UInt64
    /// What it must not be used without; OpenSSH knows none for signatures.
    private let criticalOptions: [String]

    static let suffix = "-cert-v01@openssh.com"
    /// In bytes; OpenSSH takes 256 principals.
    private static let maximumSize = 64 << 10
    private static let maximumPrincipals = 256

    /// Whether a key is one in a certificate, by its type.
    static func isCertificate(_ blob: ArraySlice<UInt8>) -> Bool {
        var reader = SSHReader(blob)
        guard let type = try? reader.name() else { return false }
        return type.hasSuffix(suffix)
    }

    /// Reads a certificate, and checks that its authority has signed it.
    ///
    /// - Throws: `certificate-malformed`, `certificate-wrong`, and the codes of a key that isn't one.
    init(blob: ArraySlice<UInt8>) throws(GitError) {
        guard blob.count <= Self.maximumSize else { throw Self.malformed("is longer than \(Self.maximumSize) bytes") }
        let fields: Fields
        do throws(SSHReader.Malformed) { fields = try Self.read(blob) } catch { throw Self.malformed(error.reason) }
        key = try SSHPublicKey(blob: fields.key[...])
        authority = try SSHPublicKey(blob: fields.authority)
        do throws(GitError) {
            try SSHVerification.check(Array(fields.signature), over: Array(fields.signed), by: authority)
        } catch {
            throw .refused("certificate-wrong", "A certificate was not made by its authority: \(error.message)")
        }
        principals = fields.principals
        isUsers = fields.kind == 1
        validAfter = fields.validAfter
        validBefore = fields.validBefore
        criticalOptions = fields.criticalOptions
        self.blob = Array(blob)
    }

    /// Checks that it is one for a person, at a time in seconds since 1970.
    ///
    /// - Throws: `certificate-unsuitable`, `signer-not-yet-valid`, `signer-expired` (all refused).
    func check(at time: Int64) throws(GitError) {
        guard isUsers else {
            throw .refused("certificate-unsuitable", "The certificate of \(key.fingerprint) is a host's")
        }
        guard criticalOptions.isEmpty else {
            let names = criticalOptions.map { printable($0, limit: 60) }.joined(separator: ", ")
            throw .refused(
                "certificate-unsuitable",
                "The certificate of \(key.fingerprint) is limited by \(names), which says nothing of signatures")
        }
        let time = UInt64(max(0, time))
        guard time >= validAfter else {
            throw .refused("signer-not-yet-valid", "The certificate of \(key.fingerprint) wasn't valid yet")
        }
        guard time < validBefore else {
            throw .refused("signer-expired", "The certificate of \(key.fingerprint) was no longer valid")
        }
    }

    private struct Fields {
        var key: [UInt8]
        var kind: UInt32
        var principals: [String] = []
        var validAfter: UInt64
        var validBefore: UInt64
        var criticalOptions: [String] = []
        var authority: ArraySlice<UInt8>
        /// Everything before the signature.
        var signed: ArraySlice<UInt8>
        var signature: ArraySlice<UInt8>
    }

    private static func read(_ blob: ArraySlice<UInt8>) throws(SSHReader.Malformed) -> Fields {
        var reader = SSHReader(blob)
        let key = try plainKey(&reader)
        _ = try reader.uint64()
        let kind = try reader.uint32()
        _ = try reader.string()
        var list = SSHReader(try reader.string())
        var principals: [String] = []
        while !list.isAtEnd {
            guard principals.count < maximumPrincipals, let name = String(validating: try list.string(), as: UTF8.self)
            else { throw SSHReader.Malformed(reason: "has names in it that are none") }
            principals.append(name)
        }
        let (validAfter, validBefore) = (try reader.uint64(), try reader.uint64())
        var options = SSHReader(try reader.string())
        var criticalOptions: [String] = []
        while !options.isAtEnd {
            criticalOptions.append(try options.name())
            _ = try options.string()
        }
        _ = try reader.string()
        _ = try reader.string()
        let authority = try reader.string()
        let signed = blob[blob.startIndex..<reader.rest.startIndex]
        let signature = try reader.string()
        try reader.end()
        return Fields(
            key: key, kind: kind, principals: principals, validAfter: validAfter, validBefore: validBefore,
            criticalOptions: criticalOptions, authority: authority, signed: signed, signature: signature)
    }

    /// The type without its suffix, and the key's own fields, which stand behind a nonce.
    private static func plainKey(_ reader: inout SSHReader) throws(SSHReader.Malformed) -> [UInt8] {
        let type = try reader.name()
        let name = String(type.dropLast(suffix.count)) + (type.hasPrefix("sk-") ? "@openssh.com" : "")
        _ = try reader.string()
        let start = reader.rest
        guard try SSHPublicKey.material(name, &reader) != nil else {
            throw SSHReader.Malformed(reason: "is for a key of type \(printable(name, limit: 60)), which isn't known")
        }
        var writer = SSHWriter()
        writer.string(name)
        writer.raw(start.prefix(start.count - reader.rest.count))
        return writer.bytes
    }

    private static func malformed(_ reason: String) -> GitError {
        .refused("certificate-malformed", "An SSH certificate can't be read: it \(reason)")
    }
}
