import Documents

/// A deploy descriptor: which apps an environment runs, and in which version. Everything in it has been checked.
public struct Descriptor: Sendable, Hashable {
    /// In the order of the file. Names are unique; `after` names apps of this list and makes no cycle.
    public let apps: [App]
    /// The name of the file, for messages.
    public let file: String
    /// What works and is probably not meant.
    public let warnings: [Diagnostic]

    /// Reads a descriptor. One bad app refuses the whole: every problem of the file is in the error.
    public static func parse(_ bytes: [UInt8], file: String) throws(Refused) -> Descriptor {
        try decode(Document(bytes, file: file))
    }

    /// The same for a document that has been read already.
    public static func decode(_ document: Document) throws(Refused) -> Descriptor {
        var apps: [App] = []
        if let root = document.root {
            apps = DescriptorDecoder(document: document).apps(of: root)
        }
        try document.finish()
        return Descriptor(apps: apps, file: document.file, warnings: document.diagnostics)
    }

    /// The fields of the file's top level.
    static let fieldNames = ["apps"]
    /// The fields of one app.
    static let appFieldNames = [
        "name", "version", "kind", "container", "image", "after", "critical", "timeout", "strategy", "health",
    ]
}
