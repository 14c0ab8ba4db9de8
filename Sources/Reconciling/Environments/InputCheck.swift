import Descriptors
import Documents

/// What `descry lint` finds in one file.
public struct InputCheck: Sendable, Hashable {
    /// What a file is, by its shape: an environment file has `environment` at its top level.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case descriptor
        case environment
    }

    public let file: String
    public let kind: Kind
    /// Errors and warnings, in the order of the file.
    public let diagnostics: [Diagnostic]
    /// How many apps a good descriptor has.
    public let apps: Int?
    /// What a good environment file calls itself.
    public let environment: String?

    /// False where the file would be refused.
    public var isGood: Bool { !diagnostics.contains { $0.severity == .error } }

    /// One line without its full stop, such as `12 apps` or `environment DEV` or `3 errors`.
    public var summary: String {
        let errors = diagnostics.count { $0.severity == .error }
        if errors > 0 { return errors == 1 ? "1 error" : "\(errors) errors" }
        if let environment { return "environment \(environment)" }
        return apps == 1 ? "1 app" : "\(apps ?? 0) apps"
    }

    /// Checks a file as `apply` would, without any of its surroundings. `file` is the name to print.
    public static func run(_ bytes: [UInt8], file: String) -> InputCheck {
        let document = Document(bytes, file: file)
        if document.root?["environment"] != nil {
            return environment(document)
        }
        do throws(Refused) {
            let descriptor = try Descriptor.decode(document)
            return InputCheck(
                file: file, kind: .descriptor, diagnostics: descriptor.warnings, apps: descriptor.apps.count,
                environment: nil)
        } catch {
            return InputCheck(
                file: file, kind: .descriptor, diagnostics: error.diagnostics, apps: nil, environment: nil)
        }
    }

    private static func environment(_ document: Document) -> InputCheck {
        do throws(Refused) {
            let settings = try EnvironmentSettings.decode(document)
            return InputCheck(
                file: document.file, kind: .environment, diagnostics: settings.warnings, apps: nil,
                environment: settings.name)
        } catch {
            return InputCheck(
                file: document.file, kind: .environment, diagnostics: error.diagnostics, apps: nil, environment: nil)
        }
    }
}
