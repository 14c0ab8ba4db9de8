extension ClusterConfiguration {
    /// The settings `--server`, `--certificate-authority` and `--token-file`.
    ///
    /// - Parameters:
    ///   - certificateAuthority: path of a PEM file; nil means the operating system's authorities.
    ///   - tokenFile: path of a file that holds a bearer token; nil means no credential.
    /// - Throws: `invalid-server`, `unreadable-file`, `empty-file`, `invalid-ca`, `plain-http`.
    public static func explicit(
        server: String, certificateAuthority: String?, tokenFile: String?
    ) throws(KubernetesError) -> ClusterConfiguration {
        try explicit(
            server: server, certificateAuthority: certificateAuthority,
            credential: tokenFile.map(CredentialSource.tokenFile) ?? .anonymous)
    }

    /// The same with a credential that is not a file, such as a token from the environment.
    public static func explicit(
        server: String, certificateAuthority: String?, credential: CredentialSource
    ) throws(KubernetesError) -> ClusterConfiguration {
        let trust: ServerTrust =
            if let path = certificateAuthority { .authorities(try CertificateAuthorities(file: path)) } else { .system }
        return try ClusterConfiguration(
            server: ServerAddress(server), trust: trust, credential: credential, origin: "The setting `server`")
    }
}
