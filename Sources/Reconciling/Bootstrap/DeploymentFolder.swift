import Documents
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Makes the folder of `descry init`, as a whole or not at all: beside its place, and moved there once everything is done.
///
/// ```
/// DIRECTORY/
///   deployments.git/     the deployment repository, bare: one branch an environment; not where it was pushed
///   environments/*.yaml  the operator's side, which never lies in the deployment repository
///   rbac/*.yaml          the rights that each environment needs
///   README.md            what to do next
/// ```
public struct DeploymentFolder: Sendable {
    /// The repository's name in the folder.
    public static let repositoryName = "deployments.git"

    let path: String
    private let workingFolder: String

    /// - Throws: `Refused`: `directory-exists`, `unwritable-folder` where the folder cannot be made there.
    public init(_ path: String) throws(Refused) {
        workingFolder = FileManager.default.currentDirectoryPath
        let absolute = URL(filePath: path, relativeTo: URL(filePath: workingFolder + "/")).standardizedFileURL.path
        self.path = absolute.count > 1 && absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute
        try checkFree(as: path)
    }

    private func checkFree(as text: String) throws(Refused) {
        guard path != workingFolder else {
            throw Self.refused(
                "directory-exists", "the current folder cannot be made anew", "Name a folder that is not there yet",
                text)
        }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder else {
            throw Self.refused(
                "directory-exists", "there is a file of that name", "Name a folder that is not there yet", text)
        }
        let names: [String]
        do throws(BoundedFile.Problem) { names = try FolderListing.names(in: path) } catch {
            throw Self.refused("unwritable-folder", "the folder cannot be looked into: \(error)", nil, text)
        }
        guard names.isEmpty else {
            throw Self.refused(
                "directory-exists", "the folder is not empty", "Name another one: nothing is ever overwritten", text)
        }
    }

    private static func refused(_ code: String, _ message: String, _ hint: String?, _ file: String) -> Refused {
        Refused([Diagnostic(code: code, message: message, hint: hint, file: file)])
    }

    /// Makes everything.
    ///
    /// - Parameters:
    ///   - files: path in the folder → text.
    ///   - body: makes what else there is, in the folder that it is given and that will be moved; what it throws leaves nothing.
    ///     Where it returns, it may have done what cannot be undone: a folder that cannot be moved then stays where it is.
    func make<Value: Sendable>(
        _ files: [String: String], _ body: (String) async throws -> Value
    ) async throws -> Value {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        let temporary = "/\(parent)/.descry-init-\(String(UInt64.random(in: .min ... .max), radix: 16))"
        let value: Value
        do {
            try Self.makeFolder(temporary)
            for (name, text) in files.sorted(by: { $0.key < $1.key }) {
                let file = temporary + "/" + name
                try Self.makeFolder(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
                try Self.attempt(file) { try Data(text.utf8).write(to: URL(filePath: file)) }
            }
            try checkFree(as: path)
            value = try await body(temporary)
        } catch {
            if FileManager.default.fileExists(atPath: temporary) {
                try Self.attempt(temporary) { try FileManager.default.removeItem(atPath: temporary) }
            }
            throw error
        }
        try move(temporary)
        return value
    }

    /// An empty folder gives way, and nothing else does: rename(2) sees to that in one step.
    private func move(_ temporary: String) throws(Refused) {
        guard rename(temporary, path) != 0 else { return }
        let reason = String(cString: strerror(errno))
        throw Self.refused(
            "unwritable-folder",
            "the folder cannot be put there: \(reason); everything was made all the same, in \(temporary)",
            "Move that to where it belongs", path)
    }

    private static func makeFolder(_ path: String) throws(Refused) {
        try attempt(path) {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    private static func attempt(_ path: String, _ body: () throws -> Void) throws(Refused) {
        do { try body() } catch {
            throw refused("unwritable-folder", "it cannot be written: \(error)", "Name a folder elsewhere", path)
        }
    }
}
