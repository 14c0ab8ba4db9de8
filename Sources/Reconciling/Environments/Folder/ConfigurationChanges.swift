import Documents
import Logging

/// What one reading of the environments' folder changed.
public struct ConfigurationChanges: Sendable {
    public let added: [Environment]
    /// As they are now.
    public let changed: [Environment]
    /// Their names.
    public let removed: [String]
    /// Those that were not refused before, or for other reasons.
    public let refused: [RefusedFile]
    /// Files that were refused before, and are good now or gone.
    public let mended: [String]
    /// Those that were not there before.
    public let warnings: [Diagnostic]
    /// Why the folder says nothing, where it said something or something else before.
    public let failure: Diagnostic?

    init(from old: ActiveConfiguration, to new: ActiveConfiguration) {
        let names = new.environments.values.sorted { $0.name < $1.name }
        added = names.filter { old.environments[$0.name] == nil }
        changed = names.filter { environment in
            old.environments[environment.name].map { $0 != environment } ?? false
        }
        removed = old.environments.keys.filter { new.environments[$0] == nil }.sorted()
        refused = new.refused.values.filter { old.refused[$0.file] != $0 }.sorted { $0.file < $1.file }
        mended = old.refused.keys.filter { new.refused[$0] == nil }.sorted()
        warnings = new.warnings.filter { !old.warnings.contains($0) }
        failure = new.failure == old.failure ? nil : new.failure
    }

    /// True where the environments in force are what they were.
    public var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }

    /// Says all of it, a constant message for each kind with the facts beside it.
    public func log(to logger: Logger) {
        if let failure {
            logger.error("The folder of environment files is unusable", metadata: ["diagnostic": "\(failure.oneLine)"])
        }
        for file in refused {
            logger.error(
                "An environment file is refused",
                metadata: [
                    "file": "\(file.file)", "lastGoodStaysInForce": "\(file.leavesInForce)",
                    "codes": .array(file.diagnostics.prefix(20).map { "\($0.code)" }),
                    "diagnostics": .array(file.diagnostics.prefix(20).map { "\($0.oneLine)" }),
                ])
        }
        for file in mended { logger.notice("An environment file is good again", metadata: ["file": "\(file)"]) }
        for warning in warnings {
            logger.warning("An environment file is questionable", metadata: ["diagnostic": "\(warning.oneLine)"])
        }
        for environment in added {
            logger.notice("An environment is taken up", metadata: ["environment": "\(environment.name)"])
        }
        for environment in changed {
            logger.notice("An environment's settings have changed", metadata: ["environment": "\(environment.name)"])
        }
        for name in removed { logger.notice("An environment is given up", metadata: ["environment": "\(name)"]) }
    }
}
