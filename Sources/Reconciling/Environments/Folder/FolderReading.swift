import Documents

/// What a folder of environment files said at one moment.
public struct FolderReading: Sendable {
    public let folder: String
    /// Those whose files are good, by name.
    public let environments: [Environment]
    /// By the file's name in the folder, such as `LIVE.yaml`: everything that is wrong with it, or why it cannot be read.
    public let refused: [String: Refused]
    /// What works in the files and is probably not meant.
    public let warnings: [Diagnostic]
    /// Why nothing can be said of the files at all: the folder cannot be read, or has none. Such a reading removes nothing.
    public let failure: Diagnostic?
    /// The same for the same contents of the files.
    public let digest: String
    /// The certificates, keys and kubeconfigs that the environments name, and what they held.
    let connectionFiles: Set<String>
    let connectionRevision: String?

    init(
        folder: String, environments: [Environment] = [], refused: [String: Refused] = [:],
        warnings: [Diagnostic] = [], failure: Diagnostic? = nil, digest: String,
        connectionRevision: String? = nil
    ) {
        connectionFiles = Set(environments.flatMap(\.connectionFiles))
        self.connectionRevision = connectionRevision
        self.folder = folder
        self.environments = environments.sorted { $0.name < $1.name }
        self.refused = refused
        self.warnings = warnings
        self.failure = failure
        self.digest = digest
    }
}
