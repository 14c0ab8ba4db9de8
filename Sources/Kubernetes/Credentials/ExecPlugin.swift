/// The `exec` entry of a kubeconfig user.
///
/// Source of the rules: Kubernetes' "client-go credential plugins".
public struct ExecPlugin: Sendable, Hashable {
    /// `client.authentication.k8s.io/v1` or `client.authentication.k8s.io/v1beta1`.
    public var apiVersion: String
    /// A name looked up in `PATH`, or a path. One with a `/` that is relative counts from the kubeconfig's folder.
    public var command: String
    public var arguments: [String]
    /// Added to the environment that Descry itself has.
    public var environment: [String: Secret]
    /// Shown when the command is not found.
    public var installHint: String?
    /// Tells the plugin the server and its CA in `KUBERNETES_EXEC_INFO`.
    public var providesClusterInfo: Bool

    public init(
        apiVersion: String, command: String, arguments: [String] = [], environment: [String: Secret] = [:],
        installHint: String? = nil, providesClusterInfo: Bool = false
    ) {
        self.apiVersion = apiVersion
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.installHint = installHint
        self.providesClusterInfo = providesClusterInfo
    }
}
