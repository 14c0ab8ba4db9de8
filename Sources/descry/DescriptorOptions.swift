import ArgumentParser
import Documents
import Reconciling
import Reporting

/// Which environment's descriptor, and the settings that say where it is: those of ``EnvironmentOptions`` that a command needs
/// which changes the descriptor.
struct DescriptorOptions: ParsableArguments {
    @Argument(help: "The environment, such as DEV: the name of its file in the environments folder.")
    var name: String

    @OptionGroup var files: EnvironmentFiles

    @Option(help: .setting(.repository)) var repository: String?
    @Option(help: .setting(.branch)) var branch: String?
    @Option(help: .setting(.descriptor)) var descriptor: String?
    @Option(name: .customLong("versions"), help: .setting(.versions)) var channels: String?
    @OptionGroup var git: GitFlags

    private var flags: [EnvironmentSetting: String] {
        let all: [EnvironmentSetting: String?] = [
            .repository: repository, .branch: branch, .descriptor: descriptor, .versions: channels,
        ]
        return all.merging(git.flags) { mine, _ in mine }.compactMapValues { $0 }
    }

    /// Merges file, variables and flags.
    ///
    /// - Throws: `Refused` with every problem of the source that has one; `Failure` where the file cannot be read.
    func location(_ variables: [String: String]) throws -> DescriptorLocation {
        let settings = try files.merged(name, flags: try EnvironmentSettings.usage(flags), variables)
        for warning in settings.warnings { OutputStream.standardError.write(warning.description + "\n") }
        return try settings.location(name: name)
    }
}

extension EnvironmentSettings {
    /// What flags say; a bad one is wrong usage of the command line.
    static func usage(_ flags: [EnvironmentSetting: String]) throws(Failure) -> EnvironmentSettings {
        do throws(Refused) {
            return try EnvironmentSettings.flags(flags)
        } catch {
            throw Failure(
                status: .usage, code: "usage", message: "a flag's value is refused", diagnostics: error.diagnostics)
        }
    }
}
