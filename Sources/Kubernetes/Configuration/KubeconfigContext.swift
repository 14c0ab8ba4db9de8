import FoundationEssentials

/// One context of merged kubeconfig files, on its way to a configuration.
struct KubeconfigContext {
    private let merged: KubeconfigFile
    private let files: String
    private let name: String
    private let context: KubeconfigFile.Context

    init(_ merged: KubeconfigFile, files: String, chosen: String?) throws(KubernetesError) {
        let known = merged.contexts.keys.sorted().joined(separator: ", ")
        guard let name = chosen ?? merged.currentContext else {
            throw KubernetesError(
                code: "no-context", category: .refused, message: "\(files) has no current-context.",
                hint: "Choose one of its contexts: \(known.isEmpty ? "there are none" : known).")
        }
        guard let context = merged.contexts[name] else {
            throw KubernetesError(
                code: "unknown-context", category: .refused, message: "\(files) has no context \"\(name)\".",
                hint: "Its contexts are: \(known.isEmpty ? "none" : known).")
        }
        self.merged = merged
        self.files = files
        self.name = name
        self.context = context.value
    }

    func configuration() throws(KubernetesError) -> ClusterConfiguration {
        guard let clusterName = context.cluster, let cluster = merged.clusters[clusterName] else {
            throw incomplete("names the cluster \"\(context.cluster ?? "")\", which is not there")
        }
        guard let server = cluster.value.server else { throw incomplete("leads to a cluster without a server") }
        var user: KubeconfigFile.Located<KubeconfigFile.User>?
        if let userName = context.user {
            guard let entry = merged.users[userName] else {
                throw incomplete("names the user \"\(userName)\", which is not there")
            }
            user = entry
        }
        var configuration = try ClusterConfiguration(
            server: ServerAddress(server), trust: trust(cluster), serverName: cluster.value.serverName,
            identity: user.flatMapThrowing(identity), credential: user.flatMapThrowing(credential) ?? .anonymous,
            proxy: cluster.value.proxy.flatMapThrowing { text throws(KubernetesError) in try ProxyAddress(text) },
            namespace: context.namespace, origin: "Context \(name) of \(files)")
        configuration.context = name
        return configuration
    }

    private func trust(_ cluster: KubeconfigFile.Located<KubeconfigFile.Cluster>) throws(KubernetesError) -> ServerTrust
    {
        let hasAuthority = cluster.value.authorityData != nil || cluster.value.authorityFile != nil
        if cluster.value.skipsVerification {
            guard !hasAuthority else {
                throw incomplete("has both a certificate authority and insecure-skip-tls-verify: true")
            }
            return .insecure
        }
        if let data = cluster.value.authorityData {
            let field = "certificate-authority-data of \(origin)"
            return .authorities(try CertificateAuthorities(pem: decoded(data, field), origin: field))
        }
        guard let file = cluster.value.authorityFile else { return .system }
        return .authorities(try CertificateAuthorities(file: cluster.path(file)))
    }

    private func identity(_ user: KubeconfigFile.Located<KubeconfigFile.User>) throws(KubernetesError)
        -> ClientIdentity?
    {
        let certificate = try pem(
            user, data: user.value.certificateData, file: user.value.certificateFile, field: "client-certificate")
        let key = try pem(user, data: user.value.keyData?.value, file: user.value.keyFile, field: "client-key")
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            return try ClientIdentity(certificatePEM: certificate, keyPEM: key, origin: origin)
        default: throw incomplete("has only one of client-certificate and client-key")
        }
    }

    private func pem(
        _ user: KubeconfigFile.Located<KubeconfigFile.User>, data: String?, file: String?, field: String
    ) throws(KubernetesError) -> [UInt8]? {
        if let data { return try decoded(data, "\(field)-data of \(origin)") }
        guard let file else { return nil }
        return try SmallFile.read(user.path(file), what: "the \(field)")
    }

    private func credential(
        _ user: KubeconfigFile.Located<KubeconfigFile.User>
    ) throws(KubernetesError) -> CredentialSource? {
        let value = user.value
        if let provider = value.authProvider {
            throw unsupported(
                "uses the auth-provider \"\(provider)\", which Kubernetes removed in 1.26",
                "Use a credential plugin (exec) instead: for Google gke-gcloud-auth-plugin, for Azure kubelogin.")
        }
        guard !value.impersonates else {
            throw unsupported(
                "impersonates another user", "Give Descry a ServiceAccount of its own: `descry rbac ENV`.")
        }
        let hasToken = value.token != nil || value.tokenFile != nil
        guard [hasToken, value.name != nil, value.exec != nil].filter({ $0 }).count <= 1 else {
            throw KubernetesError(
                code: "ambiguous-credential", category: .refused,
                message: "\(origin) has more than one of token, username and exec.", hint: "Leave one.")
        }
        // Where there are both, the file is the newer one (kubeconfig v1, AuthInfo).
        if let file = value.tokenFile { return .tokenFile(user.path(file)) }
        if let token = value.token { return .token(token) }
        if let name = value.name { return .basic(user: name, password: value.password ?? Secret("")) }
        guard let exec = value.exec else { return nil }
        return .exec(try plugin(exec, user))
    }

    private func plugin(
        _ exec: KubeconfigFile.Exec, _ user: KubeconfigFile.Located<KubeconfigFile.User>
    ) throws(KubernetesError) -> ExecPlugin {
        guard let command = exec.command else { throw incomplete("has an exec without a command") }
        guard let version = exec.apiVersion, ExecCredential.versions.contains(version) else {
            throw unsupported(
                "uses a credential plugin of apiVersion \"\(exec.apiVersion ?? "")\"",
                "Descry speaks \(ExecCredential.versions.joined(separator: " and ")).")
        }
        guard exec.interactiveMode != "Always" else {
            throw unsupported(
                "uses a credential plugin that must ask a person (interactiveMode: Always)",
                "Use one that can run by itself.")
        }
        return ExecPlugin(
            apiVersion: version, command: command.contains("/") ? user.path(command) : command,
            arguments: exec.arguments, environment: exec.environment, installHint: exec.installHint,
            providesClusterInfo: exec.providesClusterInfo)
    }

    private var origin: String { "context \(name) of \(files)" }

    private func decoded(_ text: String, _ field: String) throws(KubernetesError) -> [UInt8] {
        guard let data = Data(base64Encoded: text.filter { !$0.isWhitespace }) else {
            throw incomplete("has a \(field.prefix { $0 != " " }) that is not base64")
        }
        return Array(data)
    }

    private func incomplete(_ what: String) -> KubernetesError {
        KubernetesError(
            code: "incomplete-kubeconfig", category: .refused, message: "The context \(name) of \(files) \(what).")
    }

    private func unsupported(_ what: String, _ hint: String) -> KubernetesError {
        KubernetesError(
            code: "unsupported-credential", category: .refused,
            message: "The context \(name) of \(files) \(what).", hint: hint)
    }
}

extension Optional {
    /// `flatMap` with a typed error.
    fileprivate func flatMapThrowing<Result>(
        _ transform: (Wrapped) throws(KubernetesError) -> Result?
    ) throws(KubernetesError) -> Result? {
        guard let value = self else { return nil }
        return try transform(value)
    }
}
