#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ClusterConfiguration {
    /// The files that kubectl would read: those that `KUBECONFIG` lists, else `~/.kube/config`.
    public static func kubeconfigPaths(environment: [String: String]) -> [String] {
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty { return listed }
        return environment["HOME"].map { [$0 + "/.kube/config"] } ?? []
    }

    /// A context of one or several kubeconfig files.
    ///
    /// The files are merged as kubectl does: the first one to name a cluster, a user, a context or the current context wins.
    /// Of several, those that do not exist are passed over.
    /// - Parameter context: nil means `current-context`.
    /// - Throws: `no-kubeconfig`, `unreadable-file`, `empty-file`, `invalid-kubeconfig`, `no-context`,
    ///   `unknown-context`, `incomplete-kubeconfig`, `invalid-server`, `invalid-ca`, `invalid-client-certificate`,
    ///   `invalid-proxy`, `unsupported-credential`, `ambiguous-credential`, `plain-http`.
    public static func kubeconfig(
        paths: [String], context: String? = nil
    ) throws(KubernetesError) -> ClusterConfiguration {
        var merged = KubeconfigFile()
        var found: [String] = []
        for path in paths where access(path, F_OK) == 0 {
            merged.merge(try KubeconfigFile(SmallFile.read(path, what: "the kubeconfig"), file: path))
            found.append(path)
        }
        guard !found.isEmpty else {
            throw KubernetesError(
                code: "no-kubeconfig", category: .refused,
                message: paths.isEmpty
                    ? "There is no kubeconfig: neither KUBECONFIG nor HOME is set."
                    : "There is no kubeconfig at \(paths.joined(separator: ", ")).",
                hint: "Set KUBECONFIG, or give `server`, `certificateAuthority` and `tokenFile`.")
        }
        return try KubeconfigContext(merged, files: found.joined(separator: ", "), chosen: context).configuration()
    }

    /// The configuration that the settings of an environment lead to: the server where one is given, else the kubeconfig
    /// or context where one is given, else the pod's own, else the kubeconfig that kubectl would use.
    ///
    /// - Throws: `ambiguous-cluster` where both a server and a kubeconfig are given, and what the chosen one throws.
    public static func discover(
        server: String? = nil, certificateAuthority: String? = nil, tokenFile: String? = nil,
        kubeconfig: String? = nil, context: String? = nil, environment: [String: String]
    ) throws(KubernetesError) -> ClusterConfiguration {
        if let server {
            guard kubeconfig == nil, context == nil else {
                throw KubernetesError(
                    code: "ambiguous-cluster", category: .refused,
                    message: "Both a server and a kubeconfig or context are given.", hint: "Give one of them.")
            }
            return try explicit(server: server, certificateAuthority: certificateAuthority, tokenFile: tokenFile)
        }
        guard certificateAuthority == nil, tokenFile == nil else {
            throw KubernetesError(
                code: "ambiguous-cluster", category: .refused,
                message: "A certificate authority or token file is given, but no server that it is for.",
                hint: "Give the server too.")
        }
        if kubeconfig == nil, context == nil, isInCluster(environment: environment) {
            return try inCluster(environment: environment)
        }
        return try self.kubeconfig(
            paths: kubeconfig.map { [$0] } ?? kubeconfigPaths(environment: environment), context: context)
    }
}
