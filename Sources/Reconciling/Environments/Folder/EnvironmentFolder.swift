import Documents

/// A folder with one file for each environment, `NAME.yaml`: a folder of the operator's repository, or a mounted ConfigMap.
///
/// The one loader of environment files: commands ask it for one environment by its name, the loop for all.
public struct EnvironmentFolder: Sendable {
    public let path: String
    /// What the process's `DESCRY_…` variables say of every environment; it goes over the files.
    public let variables: EnvironmentSettings

    static let ending = ".yaml"

    public init(path: String, variables: EnvironmentSettings = EnvironmentSettings()) {
        self.path = path
        self.variables = variables
    }

    /// The environments that have a file, good or not, sorted.
    ///
    /// - Throws: `unreadable-folder` with the operating system's reason, also where there is no such folder.
    public func names() throws(Refused) -> [String] {
        do throws(BoundedFile.Problem) {
            return try FolderListing.names(in: path)
                .filter { $0.hasSuffix(Self.ending) && !$0.hasPrefix(".") }.map(Self.name(ofFile:))
        } catch {
            throw Refused([unreadable(error)])
        }
    }

    /// What the environment's own file says, without the variables.
    ///
    /// - Throws: `unreadable-file` or `file-too-large`, or every problem of the file.
    public func settings(of name: String) throws(Refused) -> EnvironmentSettings {
        let file: FolderContents.File
        do throws(BoundedFile.Problem) {
            file = .success(try BoundedFile.read(path(of: name), limit: FolderContents.limit))
        } catch {
            file = .failure(error)
        }
        return try settings(of: name, file)
    }

    /// The path of the environment's file.
    public func path(of name: String) -> String { path + "/" + Self.file(of: name) }

    /// Reads every file. One that is refused, or cannot be read, is no reason not to read the others.
    public func read() -> FolderReading {
        switch contents() {
        case .files(let contents): reading(of: contents)
        case .nothing(let failure): FolderReading(folder: path, failure: failure, digest: failure.oneLine)
        }
    }

    /// The same where anything is another than in the last reading, the certificates that environments name included. Nothing
    /// is parsed where nothing is.
    func read(unlessAs known: FolderReading) -> FolderReading? {
        switch contents() {
        case .files(let contents):
            let isSame =
                contents.digest == known.digest
                && ConnectionFiles.revision(known.connectionFiles) == known.connectionRevision
            return isSame ? nil : reading(of: contents)
        case .nothing(let failure):
            return failure.oneLine == known.digest
                ? nil : FolderReading(folder: path, failure: failure, digest: failure.oneLine)
        }
    }

    static func name(ofFile file: String) -> String { String(file.dropLast(ending.count)) }
    static func file(of name: String) -> String { name + ending }

    private enum Contents {
        case files(FolderContents)
        case nothing(Diagnostic)
    }

    private func contents() -> Contents {
        do throws(BoundedFile.Problem) {
            let contents = try FolderContents.read(path)
            guard contents.files.isEmpty else { return .files(contents) }
            // Indistinguishable from a volume that is not mounted.
            return .nothing(
                Diagnostic(
                    code: "no-environments", message: "the folder has no environment file",
                    hint: "Put one NAME.yaml for each environment into it", file: path))
        } catch {
            return .nothing(unreadable(error))
        }
    }

    private func reading(of contents: FolderContents) -> FolderReading {
        var environments: [Environment] = []
        var refused: [String: Refused] = [:]
        var warnings = contents.passedOver.map { name in
            Diagnostic(
                severity: .warning, code: "ignored-file", message: "only NAME.yaml is read as an environment file",
                hint: "Rename it, or take it away", file: "\(path)/\(name)")
        }
        for (file, content) in contents.files.sorted(by: { $0.key < $1.key }) {
            do throws(Refused) {
                let name = Self.name(ofFile: file)
                let settings = try settings(of: name, content)
                environments.append(try variables.overriding(settings).resolve(name: name))
                warnings += settings.warnings
            } catch {
                refused[file] = error
            }
        }
        // The whole before its parts: what changes in between is then found at the next look.
        let revision = ConnectionFiles.revision(environments.flatMap(\.connectionFiles))
        for index in environments.indices {
            environments[index].git.revision = ConnectionFiles.revision(environments[index].git.connectionFiles)
            environments[index].cluster.revision = ConnectionFiles.revision(environments[index].cluster.connectionFiles)
        }
        return FolderReading(
            folder: path, environments: environments, refused: refused, warnings: warnings, digest: contents.digest,
            connectionRevision: revision)
    }

    private func settings(of name: String, _ file: FolderContents.File) throws(Refused) -> EnvironmentSettings {
        switch file {
        case .success(let bytes):
            return try EnvironmentSettings.parse(bytes, file: path(of: name), expecting: name)
        case .failure(.tooLarge(let limit)):
            throw Refused([
                Diagnostic(
                    code: "file-too-large", message: "an environment file has at most \(limit) bytes",
                    hint: "Check that this is the right file", file: path(of: name))
            ])
        case .failure(let problem):
            throw Refused([
                Diagnostic(code: "unreadable-file", message: "it cannot be read: \(problem)", file: path(of: name))
            ])
        }
    }

    private func unreadable(_ problem: BoundedFile.Problem) -> Diagnostic {
        Diagnostic(code: "unreadable-folder", message: "the folder cannot be listed: \(problem)", file: path)
    }
}
