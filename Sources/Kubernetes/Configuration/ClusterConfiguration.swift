/// Everything that is needed to talk to one cluster: where it is, how its identity is verified, and who is asking.
///
/// It comes from one of three places: a kubeconfig, the pod that Descry runs in, or explicit settings.
public struct ClusterConfiguration: Sendable {
    public var server: ServerAddress
    public var trust: ServerTrust
    /// The name that the server's certificate must carry, where it is not the host of ``server`` (`tls-server-name`).
    public var serverName: String?
    /// The client certificate, where there is one.
    public var identity: ClientIdentity?
    public var credential: CredentialSource
    public var proxy: ProxyAddress?
    /// The namespace of the kubeconfig's context or of the pod; nil where neither says.
    public var namespace: String?
    /// Where this came from, for people: `context shop of /home/ci/.kube/config`.
    public var origin: String
    /// The kubeconfig's context; nil where it came from elsewhere.
    public internal(set) var context: String?

    /// - Throws: `plain-http` where a credential would cross the network unencrypted.
    public init(
        server: ServerAddress, trust: ServerTrust = .system, serverName: String? = nil,
        identity: ClientIdentity? = nil, credential: CredentialSource = .anonymous, proxy: ProxyAddress? = nil,
        namespace: String? = nil, origin: String
    ) throws(KubernetesError) {
        self.server = server
        self.trust = trust
        self.serverName = serverName
        self.identity = identity
        self.credential = credential
        self.proxy = proxy
        self.namespace = namespace
        self.origin = origin
        guard server.isTLS || server.isLoopback || !credential.isSecret else {
            throw KubernetesError(
                code: "plain-http", category: .refused,
                message: "\(origin) would send a credential to \(server) in clear text.",
                hint: "Use the API server's https:// address.")
        }
    }
}

/// How the server's certificate is verified. There is no way from a broken setting to ``insecure``.
public enum ServerTrust: Sendable, Hashable {
    /// The operating system's certificate authorities.
    case system
    /// These certificate authorities and no others.
    case authorities(CertificateAuthorities)
    /// Not at all. Only ever from `insecure-skip-tls-verify: true`.
    case insecure
}
