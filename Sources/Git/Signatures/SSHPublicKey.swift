import Crypto
import FoundationEssentials

/// A public key of SSH that a signature can be checked by: Ed25519, ECDSA on a NIST curve, RSA of at least 2,048 bits, and
/// the first two of these on a security key.
///
/// Sources: RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH's PROTOCOL.u2f.
public struct SSHPublicKey: Sendable, Hashable, CustomStringConvertible {
    /// The numbers of the key, checked for their sizes. Whether a point lies on its curve is seen when it is used.
    enum Material: Sendable, Hashable {
        case ed25519([UInt8])
        case ecdsa(SSHCurve, point: [UInt8])
        case rsa(modulus: [UInt8], exponent: [UInt8])
        case securityKeyEd25519([UInt8], application: [UInt8])
        case securityKeyECDSA(point: [UInt8], application: [UInt8])
    }

    /// The greatest RSA key, in bits, as in OpenSSH: a greater one would only cost time.
    static let maximumRSABits = 16_384
    static let minimumRSABits = 2048
    /// The longest key taken, in bytes: twice what the greatest RSA key has.
    static let maximumSize = 8192

    /// As SSH names it, such as `ssh-ed25519`.
    public let type: String
    let material: Material
    /// The key as it stands, in base64, in a line of `authorized_keys`.
    let blob: [UInt8]

    /// - Throws: `key-malformed`, `key-unsupported`, `key-weak` (all refused).
    init(blob: ArraySlice<UInt8>) throws(GitError) {
        guard blob.count <= Self.maximumSize else { throw Self.malformed("is longer than \(Self.maximumSize) bytes") }
        let parsed: (type: String, material: Material?)
        do throws(SSHReader.Malformed) {
            var reader = SSHReader(blob)
            let type = try reader.name()
            parsed = (type, try Self.material(type, &reader))
            if parsed.material != nil { try reader.end() }
        } catch {
            throw Self.malformed(error.reason)
        }
        guard let material = parsed.material else { throw Self.unsupported(parsed.type) }
        type = parsed.type
        self.material = material
        self.blob = Array(blob)
        if let bits = rsaBits, bits < Self.minimumRSABits {
            throw .refused(
                "key-weak", "The RSA key \(fingerprint) has \(bits) bits; at least \(Self.minimumRSABits) are needed",
                hint: "Make a new key: ssh-keygen -t ed25519")
        }
    }

    /// From text as in a `.pub` file: `ssh-ed25519 AAAA… comment`.
    ///
    /// - Throws: `key-malformed`, `key-unsupported`, `key-weak` (all refused).
    public init(_ text: some StringProtocol) throws(GitError) {
        let words = text.split(maxSplits: 2, omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard words.count >= 2 else { throw Self.malformed("isn't a type and a key in base64") }
        try self.init(type: String(words[0]), base64: String(words[1]))
    }

    /// - Throws: `key-malformed` also where the type isn't that of the key.
    init(type: String, base64: String) throws(GitError) {
        guard base64.utf8.count <= Self.maximumSize * 2, let data = Data(base64Encoded: base64) else {
            throw Self.malformed("isn't base64")
        }
        try self.init(blob: Array(data)[...])
        guard self.type == type else { throw Self.malformed("says that it is another type than its line says") }
    }

    /// As `ssh-keygen -l` prints it: `SHA256:` and 43 characters of base64.
    public var fingerprint: String {
        let text = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:" + text.prefix { $0 != "=" }
    }

    /// `ssh-ed25519 AAAA…`, as a line of `authorized_keys` has it.
    public var description: String { "\(type) \(Data(blob).base64EncodedString())" }

    /// nil for other keys than RSA.
    var rsaBits: Int? {
        guard case .rsa(let modulus, _) = material else { return nil }
        return modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
    }

    /// True for a key whose private half is in a device.
    var isOnSecurityKey: Bool {
        switch material {
        case .securityKeyEd25519, .securityKeyECDSA: true
        case .ed25519, .ecdsa, .rsa: false
        }
    }

    static func malformed(_ reason: String) -> GitError {
        .refused("key-malformed", "An SSH public key can't be read: it \(reason)")
    }

    private static func unsupported(_ type: String) -> GitError {
        let name = printable(type, limit: 60)
        if type.hasSuffix("-cert-v01@openssh.com") {
            return .refused(
                "certificate-not-key", "\(name) is a certificate, not a key",
                hint: "Name the key itself")
        }
        return .refused(
            "key-unsupported", "\(name) is not a type of key that Descry can check signatures by",
            hint: "Use an Ed25519, ECDSA or RSA key")
    }

    /// - Returns: nil for a type that isn't supported.
    static func material(_ type: String, _ reader: inout SSHReader) throws(SSHReader.Malformed) -> Material? {
        switch type {
        case "ssh-ed25519": return .ed25519(try point(&reader, size: 32))
        case "ssh-rsa":
            let exponent = try reader.number(limit: 8)
            return .rsa(modulus: try reader.number(limit: maximumRSABits / 8), exponent: exponent)
        case "sk-ssh-ed25519@openssh.com":
            let point = try point(&reader, size: 32)
            return .securityKeyEd25519(point, application: Array(try reader.string()))
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            let point = try curvePoint(.nistp256, &reader)
            return .securityKeyECDSA(point: point, application: Array(try reader.string()))
        default:
            guard let curve = SSHCurve.allCases.first(where: { $0.keyType == type }) else { return nil }
            return .ecdsa(curve, point: try curvePoint(curve, &reader))
        }
    }

    private static func point(_ reader: inout SSHReader, size: Int) throws(SSHReader.Malformed) -> [UInt8] {
        let point = try reader.string()
        guard point.count == size else { throw SSHReader.Malformed(reason: "has a point of the wrong length") }
        return Array(point)
    }

    /// The curve's name once more, and an uncompressed point on it.
    private static func curvePoint(
        _ curve: SSHCurve, _ reader: inout SSHReader
    ) throws(SSHReader.Malformed) -> [UInt8] {
        guard try reader.name() == curve.rawValue else { throw SSHReader.Malformed(reason: "names two curves") }
        let point = try point(&reader, size: curve.pointSize)
        guard point.first == 4 else { throw SSHReader.Malformed(reason: "has a point that isn't uncompressed") }
        return point
    }
}
