/// How much a file may ask for, and how much of it an error may show.
public struct YAMLLimits: Sendable, Hashable {
    /// Bytes of the file.
    public var maxBytes: Int
    /// Collections inside one another.
    public var maxDepth: Int
    /// Scalars and collections in all: a small file can hold millions of empty ones.
    public var maxNodes: Int
    /// False for files that hold secrets, such as a kubeconfig: no diagnostic then carries a source line.
    public var showsSource: Bool

    public init(
        maxBytes: Int = 8 << 20, maxDepth: Int = 32, maxNodes: Int = 1_000_000, showsSource: Bool = true
    ) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxNodes = maxNodes
        self.showsSource = showsSource
    }

    /// Deploy descriptors and environment files: 8 MiB, 32 levels.
    public static let descriptor = YAMLLimits()

    /// Kubeconfig files hold certificates, keys and tokens.
    public static let kubeconfig = YAMLLimits(showsSource: false)
}
