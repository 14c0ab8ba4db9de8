import Crypto
import CryptoExtras
import FoundationEssentials

/// A private key without a passphrase, from a file in OpenSSH's own format.
///
/// Source: OpenSSH's PROTOCOL.key.
struct SSHPrivateKey: Sendable {
    private enum Material: Sendable {
        case ed25519(Curve25519.Signing.PrivateKey)
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    let publicKey: SSHPublicKey
    private let material: Material

    /// What a key file holds: the key itself, or only what can be seen of it without its passphrase.
    enum Content {
        case usable(SSHPrivateKey)
        case encrypted(SSHPublicKey)
        /// The file of a security key points to the device.
        case onDevice(SSHPublicKey)
    }

    static let firstLine = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let lastLine = "-----END OPENSSH PRIVATE KEY-----"

    /// - Throws: `key-malformed`, `key-unsupported`, `key-weak` (refused). No error holds anything of the key.
    static func read(_ bytes: [UInt8]) throws(GitError) -> Content {
        let lines = String(decoding: bytes, as: UTF8.self).split { $0.isNewline }.map(String.init)
        guard lines.first == firstLine, let end = lines.firstIndex(of: lastLine),
            let data = Data(base64Encoded: lines[1..<end].joined())
        else { throw malformed("isn't base64 between “\(firstLine)” and “\(lastLine)”") }
        let outer: (cipher: String, publicKey: ArraySlice<UInt8>, secret: ArraySlice<UInt8>)
        do throws(SSHReader.Malformed) {
            var reader = SSHReader(Array(data))
            guard try reader.bytes(magic.count).elementsEqual(magic) else {
                throw SSHReader.Malformed(reason: "doesn't begin with openssh-key-v1")
            }
            let cipher = try reader.name()
            _ = try reader.name()
            _ = try reader.string()
            guard try reader.uint32() == 1 else { throw SSHReader.Malformed(reason: "holds more keys than one") }
            outer = (cipher, try reader.string(), try reader.string())
        } catch { throw malformed(error.reason) }
        let publicKey = try SSHPublicKey(blob: outer.publicKey)
        if publicKey.isOnSecurityKey { return .onDevice(publicKey) }
        guard outer.cipher == "none" else { return .encrypted(publicKey) }
        do {
            return .usable(
                SSHPrivateKey(publicKey: publicKey, material: try material(outer.secret, of: publicKey)))
        } catch let error as SSHReader.Malformed {
            throw malformed(error.reason)
        } catch {
            throw malformed("holds numbers that make no key, or another key than it says")
        }
    }

    /// An algorithm's name and its numbers, for an ``SSHSignature``.
    func sign(_ message: [UInt8]) throws(GitError) -> [UInt8] {
        var writer = SSHWriter()
        do {
            switch material {
            case .ed25519(let key):
                writer.string(publicKey.type)
                writer.string(Array(try key.signature(for: message)))
            case .p256(let key):
                write(try key.signature(for: SHA256.hash(data: message)).rawRepresentation, to: &writer)
            case .p384(let key):
                write(try key.signature(for: SHA384.hash(data: message)).rawRepresentation, to: &writer)
            case .p521(let key):
                write(try key.signature(for: SHA512.hash(data: message)).rawRepresentation, to: &writer)
            case .rsa(let key):
                writer.string("rsa-sha2-512")
                let signature = try key.signature(for: SHA512.hash(data: message), padding: .insecurePKCS1v1_5)
                writer.string(Array(signature.rawRepresentation))
            }
        } catch {
            throw .internal("signing", "The key \(publicKey.fingerprint) can't sign: \(error)")
        }
        return writer.bytes
    }

    private func write(_ raw: Data, to writer: inout SSHWriter) {
        let half = raw.count / 2
        var body = SSHWriter()
        body.number(raw.prefix(half))
        body.number(raw.suffix(half))
        writer.string(publicKey.type)
        writer.string(body.bytes)
    }

    private static let magic = Array("openssh-key-v1\0".utf8)

    /// The private part: a check number twice, the key's fields, a comment, padding of 1, 2, 3 ….
    private static func material(_ secret: ArraySlice<UInt8>, of publicKey: SSHPublicKey) throws -> Material {
        var reader = SSHReader(secret)
        guard try reader.uint32() == reader.uint32() else { throw SSHReader.Malformed(reason: "was damaged") }
        guard try reader.name() == publicKey.type else { throw SSHReader.Malformed(reason: "holds two types of key") }
        let material: Material
        switch publicKey.material {
        case .ed25519(let point):
            _ = try reader.string()
            let key = try Curve25519.Signing.PrivateKey(rawRepresentation: try reader.string().prefix(32))
            guard key.publicKey.rawRepresentation.elementsEqual(point) else { throw Mismatch() }
            material = .ed25519(key)
        case .ecdsa(let curve, let point):
            material = try ecdsa(&reader, curve, point)
        case .rsa(let modulus, _):
            material = .rsa(try rsa(&reader, modulus))
        case .securityKeyEd25519, .securityKeyECDSA: throw Mismatch()
        }
        _ = try reader.string()
        guard reader.rest.enumerated().allSatisfy({ $1 == UInt8(truncatingIfNeeded: $0 + 1) }) else {
            throw SSHReader.Malformed(reason: "was damaged")
        }
        return material
    }

    private static func ecdsa(_ reader: inout SSHReader, _ curve: SSHCurve, _ point: [UInt8]) throws -> Material {
        _ = try reader.string()
        _ = try reader.string()
        let digits = try reader.number(limit: curve.size)
        let raw = [UInt8](repeating: 0, count: curve.size - digits.count) + digits
        let made: (material: Material, point: Data)
        switch curve {
        case .nistp256:
            let key = try P256.Signing.PrivateKey(rawRepresentation: raw)
            made = (.p256(key), key.publicKey.x963Representation)
        case .nistp384:
            let key = try P384.Signing.PrivateKey(rawRepresentation: raw)
            made = (.p384(key), key.publicKey.x963Representation)
        case .nistp521:
            let key = try P521.Signing.PrivateKey(rawRepresentation: raw)
            made = (.p521(key), key.publicKey.x963Representation)
        }
        guard made.point.elementsEqual(point) else { throw Mismatch() }
        return made.material
    }

    private static func rsa(_ reader: inout SSHReader, _ modulus: [UInt8]) throws -> _RSA.Signing.PrivateKey {
        let limit = SSHPublicKey.maximumRSABits / 8
        let n = try reader.number(limit: limit)
        let e = try reader.number(limit: 8)
        let d = try reader.number(limit: limit)
        _ = try reader.number(limit: limit)
        let p = try reader.number(limit: limit)
        let q = try reader.number(limit: limit)
        guard n == modulus else { throw Mismatch() }
        return try _RSA.Signing.PrivateKey(n: n, e: e, d: d, p: p, q: q)
    }

    private struct Mismatch: Error {}

    private static func malformed(_ reason: String) -> GitError {
        .refused("key-malformed", "A private SSH key can't be read: it \(reason)")
    }
}
