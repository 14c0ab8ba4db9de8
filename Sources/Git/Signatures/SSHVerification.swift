import Crypto
import CryptoExtras
import FoundationEssentials

/// Checks the innermost part of an SSH signature: an algorithm's name and its numbers, over bytes, by a key.
///
/// Sources: RFC 8709 (Ed25519), RFC 5656 (ECDSA), RFC 8332 (RSA with SHA-2), OpenSSH's PROTOCOL.u2f (security keys).
enum SSHVerification {
    /// - Throws: `signature-malformed`, `signature-algorithm`, `signature-wrong`, `signature-without-presence`.
    static func check(_ signature: [UInt8], over message: [UInt8], by key: SSHPublicKey) throws(GitError) {
        let isGood: Bool
        do {
            var reader = SSHReader(signature)
            let algorithm = try reader.name()
            guard algorithms(of: key).contains(algorithm) else { throw unsupported(algorithm, key) }
            isGood = try verify(&reader, algorithm, message, key)
        } catch let error as SSHReader.Malformed {
            throw SSHSignature.malformed(error.reason)
        } catch let error as GitError {
            throw error
        } catch {
            // swift-crypto refuses the key itself: a point that is on no curve, an even modulus.
            throw SSHPublicKey.malformed("holds numbers that make no key")
        }
        guard isGood else {
            throw .refused(
                "signature-wrong", "The signature is not one by the key \(key.fingerprint) over this text",
                hint: "The text was changed after it was signed, or the signature is another text's")
        }
    }

    /// An RSA key can sign with each of these; `ssh-rsa`, which is SHA-1, is not among them.
    private static func algorithms(of key: SSHPublicKey) -> [String] {
        if case .rsa = key.material { ["rsa-sha2-512", "rsa-sha2-256"] } else { [key.type] }
    }

    private static func unsupported(_ algorithm: String, _ key: SSHPublicKey) -> GitError {
        let name = printable(algorithm, limit: 60)
        guard algorithm == "ssh-rsa" else {
            return .refused("signature-algorithm", "A \(key.type) key can't have made a signature by \(name)")
        }
        return .refused(
            "signature-algorithm", "The signature was made by ssh-rsa, which digests by SHA-1 and can be forged",
            hint: "Sign with an OpenSSH of 2016 or later, or with an Ed25519 key")
    }

    private static func verify(
        _ reader: inout SSHReader, _ algorithm: String, _ message: [UInt8], _ key: SSHPublicKey
    ) throws -> Bool {
        let body = try reader.string()
        switch key.material {
        case .ed25519(let point):
            try reader.end()
            return try isGoodEd25519(body, message, point)
        case .ecdsa(let curve, let point):
            try reader.end()
            return try isGoodECDSA(body, message, curve, point)
        case .rsa(let modulus, let exponent):
            try reader.end()
            return try isGoodRSA(body, algorithm, message, modulus, exponent)
        case .securityKeyEd25519(let point, let application):
            return try isGoodEd25519(body, try securityKeyMessage(&reader, message, application), point)
        case .securityKeyECDSA(let point, let application):
            return try isGoodECDSA(body, try securityKeyMessage(&reader, message, application), .nistp256, point)
        }
    }

    private static func isGoodEd25519(_ body: ArraySlice<UInt8>, _ message: [UInt8], _ point: [UInt8]) throws -> Bool {
        guard body.count == 64 else { throw SSHReader.Malformed(reason: "isn't 64 bytes of Ed25519") }
        return try Curve25519.Signing.PublicKey(rawRepresentation: point).isValidSignature(body, for: message)
    }

    private static func isGoodECDSA(
        _ body: ArraySlice<UInt8>, _ message: [UInt8], _ curve: SSHCurve, _ point: [UInt8]
    ) throws -> Bool {
        var reader = SSHReader(body)
        let halves = [try reader.number(limit: curve.size), try reader.number(limit: curve.size)]
        try reader.end()
        let raw = halves.flatMap { [UInt8](repeating: 0, count: curve.size - $0.count) + $0 }
        switch curve {
        case .nistp256:
            return try P256.Signing.PublicKey(x963Representation: point)
                .isValidSignature(.init(rawRepresentation: raw), for: SHA256.hash(data: message))
        case .nistp384:
            return try P384.Signing.PublicKey(x963Representation: point)
                .isValidSignature(.init(rawRepresentation: raw), for: SHA384.hash(data: message))
        case .nistp521:
            return try P521.Signing.PublicKey(x963Representation: point)
                .isValidSignature(.init(rawRepresentation: raw), for: SHA512.hash(data: message))
        }
    }

    private static func isGoodRSA(
        _ body: ArraySlice<UInt8>, _ algorithm: String, _ message: [UInt8], _ modulus: [UInt8], _ exponent: [UInt8]
    ) throws -> Bool {
        guard !body.isEmpty, body.count <= modulus.count else {
            throw SSHReader.Malformed(reason: "is longer than its RSA key allows")
        }
        // RFC 8332 section 3: as long as the modulus. Some agents leave leading zeros out, and OpenSSH puts them back.
        let raw = [UInt8](repeating: 0, count: modulus.count - body.count) + body
        let signature = _RSA.Signing.RSASignature(rawRepresentation: raw)
        let key = try _RSA.Signing.PublicKey(n: modulus, e: exponent)
        if algorithm == "rsa-sha2-256" {
            return key.isValidSignature(signature, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        }
        return key.isValidSignature(signature, for: SHA512.hash(data: message), padding: .insecurePKCS1v1_5)
    }

    /// What a security key signs in place of a message: with the application's name, what the device saw, and its counter.
    ///
    /// - Throws: `signature-without-presence` where nobody touched the device: whoever has the machine that it is
    ///   plugged into could have made the signature.
    private static func securityKeyMessage(
        _ reader: inout SSHReader, _ message: [UInt8], _ application: [UInt8]
    ) throws -> [UInt8] {
        let flags = try reader.byte()
        let counter = try reader.bytes(4)
        try reader.end()
        let userPresent: UInt8 = 1
        guard flags & userPresent != 0 else {
            throw GitError.refused(
                "signature-without-presence",
                "The signature was made by a security key that nobody touched for it",
                hint: "Use a key that was made without -O no-touch-required")
        }
        return Array(SHA256.hash(data: application)) + [flags] + counter + Array(SHA256.hash(data: message))
    }
}
