import NIOSSL

/// The certificate authorities that a cluster's certificate must come from: at least one.
public struct CertificateAuthorities: Sendable, Hashable {
    let certificates: [NIOSSLCertificate]
    /// The PEM text, which credential plugins may ask for.
    let pem: [UInt8]

    /// - Parameter origin: what the error calls the source, such as `/etc/ca.pem`.
    /// - Throws: `invalid-ca` where the bytes hold no certificate or a damaged one.
    public init(pem: [UInt8], origin: String) throws(KubernetesError) {
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(pem)
        } catch {
            throw Self.invalid("\(origin) is not a certificate authority in PEM form.")
        }
        if certificates.isEmpty { throw Self.invalid("\(origin) holds no certificate.") }
        self.pem = pem
    }

    /// - Throws: `unreadable-file`, or `invalid-ca` as above.
    public init(file: String) throws(KubernetesError) {
        try self.init(pem: SmallFile.read(file, what: "the certificate authority"), origin: file)
    }

    private static func invalid(_ message: String) -> KubernetesError {
        KubernetesError(
            code: "invalid-ca", category: .refused, message: message,
            hint: "Give the cluster's CA certificate; without it the server's identity cannot be verified.")
    }
}

/// A client certificate and its private key.
public struct ClientIdentity: Sendable, Hashable, CustomStringConvertible {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// - Throws: `invalid-client-certificate`; the key's bytes are never part of it.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8], origin: String) throws(KubernetesError) {
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(certificatePEM)
            key = try NIOSSLPrivateKey(bytes: keyPEM, format: .pem)
        } catch {
            throw Self.invalid("The client certificate or key of \(origin) is not in PEM form.")
        }
        if chain.isEmpty { throw Self.invalid("The client certificate of \(origin) holds no certificate.") }
    }

    public var description: String { "[client certificate]" }

    private static func invalid(_ message: String) -> KubernetesError {
        KubernetesError(
            code: "invalid-client-certificate", category: .refused, message: message,
            hint: "Give an unencrypted PEM certificate and the key that belongs to it.")
    }
}
