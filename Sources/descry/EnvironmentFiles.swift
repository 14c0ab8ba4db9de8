import ArgumentParser
import Documents
import Reconciling
import Reporting

/// Where the environment files lie, and where fetched objects are kept.
struct EnvironmentFiles: ParsableArguments {
    @Option(
        name: .customLong("environments"),
        help: .init("The folder of the environment files (DESCRY_ENVIRONMENTS).", valueName: "folder"))
    var folder: String?

    @Option(
        help: .init(
            "The environment file itself, instead of NAME.yaml in the folder (DESCRY_ENVIRONMENT_FILE).",
            valueName: "file"))
    var environmentFile: String?

    @Option(
        help: .init(
            "The folder that keeps fetched objects (DESCRY_CACHE; default: descry under XDG_CACHE_HOME or ~/.cache).",
            valueName: "folder"))
    var cache: String?

    /// The environments that have a file, sorted.
    ///
    /// - Throws: `Failure` where there is none, or the folder cannot be listed.
    func names(_ variables: [String: String]) throws -> [String] {
        if let path = file(variables) {
            return try EnvironmentSettings.parse(try InputFile.read(path), file: path).name.map { [$0] } ?? []
        }
        let folder = folder(variables) ?? Self.defaultFolder
        let names = try names(in: folder)
        if names.isEmpty {
            throw Failure(
                status: .refused, code: "no-environments", message: "there is no environment file in \(folder)",
                hint: "Name the folder with --environments, or the environments themselves")
        }
        return names
    }

    /// Merges flags, variables and the environment's file.
    ///
    /// - Returns: the environment, and what works in its settings and is probably not meant.
    /// - Throws: `Refused` with every problem of the source that has one; `Failure` where the file cannot be read.
    func resolve(
        _ name: String, flags: EnvironmentSettings = EnvironmentSettings(), _ variables: [String: String]
    ) throws -> (environment: Environment, warnings: [Diagnostic]) {
        let settings = try merged(name, flags: flags, variables)
        return (try settings.resolve(name: name), settings.warnings)
    }

    /// Flags over variables over the environment's file.
    ///
    /// - Throws: as ``resolve(_:flags:_:)``.
    func merged(
        _ name: String, flags: EnvironmentSettings, _ variables: [String: String]
    ) throws -> EnvironmentSettings {
        let given = try EnvironmentSettings.variables(variables)
        return flags.overriding(given).overriding(try settings(name, variables))
    }

    /// The settings of the environment file. It may be absent where nobody asked for it: then flags and variables say all.
    private func settings(_ name: String, _ variables: [String: String]) throws -> EnvironmentSettings {
        if let path = file(variables) { return try EnvironmentSettings.parse(try InputFile.read(path), file: path) }
        let asked = folder(variables)
        let directory = asked ?? Self.defaultFolder
        let folder = EnvironmentFolder(path: directory)
        if InputFile.exists(folder.path(of: name)) { return try Self.reading { try folder.settings(of: name) } }
        let others = try names(in: directory)
        if asked == nil && others.isEmpty { return EnvironmentSettings() }
        throw Failure(
            status: .refused, code: "no-environment-file",
            message: "there is no file \(folder.path(of: name))"
                + (others.isEmpty ? "" : "; the folder has \(others.joined(separator: ", "))"),
            hint: NearestName.of(name, among: others).map { "Did you mean \($0)?" }
                ?? "Name the folder with --environments, or the file with --environment-file")
    }

    private static let defaultFolder = "environments"

    private func folder(_ variables: [String: String]) -> String? {
        folder ?? variables.nonEmpty("DESCRY_ENVIRONMENTS")
    }

    private func file(_ variables: [String: String]) -> String? {
        environmentFile ?? variables.nonEmpty("DESCRY_ENVIRONMENT_FILE")
    }

    /// None where there is no such folder.
    private func names(in folder: String) throws -> [String] {
        InputFile.isFolder(folder) ? try Self.reading { try EnvironmentFolder(path: folder).names() } : []
    }

    /// What cannot be read is told as such, by its own code, not as a mistake in it.
    private static func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let refused as Refused {
            guard let problem = refused.diagnostics.first, problem.code.hasPrefix("unreadable-") else { throw refused }
            throw Failure(
                status: .refused, code: problem.code, message: "\(problem.file): \(problem.message)", hint: problem.hint
            )
        }
    }
}
