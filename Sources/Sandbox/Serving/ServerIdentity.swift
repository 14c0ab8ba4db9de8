import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A certificate authority made for one run, and the server certificate it has signed.
///
/// `kubectl` sends no bearer token over plain HTTP, so the sandbox serves TLS; a client that is given the authority
/// verifies it as it verifies any cluster.
struct ServerIdentity: Sendable {
    /// The authority's certificate, PEM.
    let authority: String
    /// The server's certificate and private key, PEM.
    let certificate: String
    let key: String

    /// - Throws: where signing or encoding fails.
    init() throws {
        let authorityKey = P256.Signing.PrivateKey()
        let authorityName = try DistinguishedName { CommonName("Descry sandbox authority") }
        let authority = try Self.certificate(
            authorityName, Certificate.PublicKey(authorityKey.publicKey), issuer: authorityName, signedBy: authorityKey,
            try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            })
        let serverKey = P256.Signing.PrivateKey()
        let server = try Self.certificate(
            try DistinguishedName { CommonName("Descry sandbox") }, Certificate.PublicKey(serverKey.publicKey),
            issuer: authorityName, signedBy: authorityKey,
            try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([
                    .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                    .ipAddress(ASN1OctetString(contentBytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
                    .dnsName("localhost"),
                ])
            })
        self.authority = try authority.serializeAsPEM().pemString + "\n"
        certificate = try server.serializeAsPEM().pemString + "\n"
        key = serverKey.pemRepresentation + "\n"
    }

    private static func certificate(
        _ subject: DistinguishedName, _ publicKey: Certificate.PublicKey, issuer: DistinguishedName,
        signedBy key: P256.Signing.PrivateKey, _ extensions: Certificate.Extensions
    ) throws -> Certificate {
        let now = Date()
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            // A clock that is set back a little while the sandbox runs must not end it.
            notValidBefore: now - 3600, notValidAfter: now + 365 * 24 * 3600,
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(key))
    }
}
