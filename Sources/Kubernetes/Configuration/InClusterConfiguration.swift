extension ClusterConfiguration {
    /// Where Kubernetes mounts the pod's ServiceAccount.
    public static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// True where the process runs in a pod with a ServiceAccount, as far as the environment tells.
    public static func isInCluster(environment: [String: String]) -> Bool {
        !(environment["KUBERNETES_SERVICE_HOST"] ?? "").isEmpty
            && !(environment["KUBERNETES_SERVICE_PORT"] ?? "").isEmpty
    }

    /// The configuration of the pod that Descry runs in.
    ///
    /// Source of the rule: Kubernetes, "Accessing the Kubernetes API from a Pod".
    /// - Throws: `not-in-cluster`, `unreadable-file`, `empty-file`, `invalid-ca`.
    public static func inCluster(
        environment: [String: String], folder: String = serviceAccountFolder
    ) throws(KubernetesError) -> ClusterConfiguration {
        guard isInCluster(environment: environment), let host = environment["KUBERNETES_SERVICE_HOST"],
            let port = environment["KUBERNETES_SERVICE_PORT"]
        else {
            throw KubernetesError(
                code: "not-in-cluster", category: .refused,
                message: "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod.",
                hint: "Give a kubeconfig, or `server`, `certificateAuthority` and `tokenFile`.")
        }
        let address = try ServerAddress("https://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)")
        _ = try SmallFile.read(folder + "/token", what: "the ServiceAccount's token")
        let namespace = try SmallFile.read(folder + "/namespace", what: "the ServiceAccount's namespace")
        return try ClusterConfiguration(
            server: address, trust: .authorities(CertificateAuthorities(file: folder + "/ca.crt")),
            credential: .tokenFile(folder + "/token"),
            namespace: String(decoding: namespace, as: UTF8.self).trimmingSpace(), origin: "The pod's ServiceAccount")
    }
}

extension String {
    /// Without the blanks and line ends that files written by hand have around a token or name.
    func trimmingSpace() -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
