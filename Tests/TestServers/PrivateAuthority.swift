/// A certificate authority of the tests' own, made with openssl.
public struct PrivateAuthority: Sendable {
    /// The authority's certificate, PEM.
    public let certificate: String
    private let folder: String

    public struct Identity: Sendable {
        public let certificate: String
        public let key: String
    }

    public init(folder: String, name: String = "authority") async throws {
        self.folder = folder
        certificate = "\(folder)/\(name).pem"
        try await Program.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=Descry test authority", "-keyout", "\(folder)/\(name).key", "-out", certificate,
            ])
    }

    /// A certificate and key.
    ///
    /// - Parameters:
    ///   - names: as openssl writes them: `DNS:localhost,IP:127.0.0.1`.
    ///   - isExpired: the certificate ended long ago.
    public func issue(_ name: String, names: String, isExpired: Bool = false) async throws -> Identity {
        let base = "\(folder)/\(name)"
        try await Program.run(
            "openssl",
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
                "-keyout", base + ".key", "-out", base + ".csr",
            ])
        try TemporaryFolder.write(base + ".ext", Array("subjectAltName=\(names)\n".utf8))
        let authority = certificate.dropLast(4)
        try await Program.run(
            "openssl",
            [
                "x509", "-req", "-in", base + ".csr", "-CA", certificate, "-CAkey", "\(authority).key",
                "-CAcreateserial",
                "-days", isExpired ? "-1" : "30", "-extfile", base + ".ext", "-out", base + ".pem",
            ])
        return Identity(certificate: base + ".pem", key: base + ".key")
    }
}
