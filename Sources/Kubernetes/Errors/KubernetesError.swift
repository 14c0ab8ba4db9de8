/// Something the API server, the way to it, or its configuration refused.
///
/// Tests and callers decide by ``code`` and ``category``, never by the texts. No credential is ever part of an error.
public struct KubernetesError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is, and so which exit code it leads to.
    public enum Category: String, Sendable, Hashable, CaseIterable {
        /// The server was not reached, or gave no answer in time: a retry may help (exit 69).
        case unreachable
        /// 401, 403, or the server's TLS identity could not be verified (exit 77).
        case denied
        /// The object does not exist (exit 78).
        case missing
        /// Somebody else changed or owns what was to be written: observe again and plan again.
        case conflict
        /// The input is wrong, a configuration file or the object sent: a retry won't help (exit 65).
        case refused
        /// Descry or the server broke a rule of the protocol (exit 1).
        case `internal`
    }

    /// One field that another field manager owns, as the API server's `FieldManagerConflict` cause reports it.
    public struct FieldConflict: Sendable, Hashable {
        /// The field, in the API's notation: `.spec.template.spec.containers[name="backend"].image`.
        public let field: String
        /// The server's own words; they name the rival manager. Only ever shown, never parsed for a decision.
        public let message: String
    }

    /// Stable, kebab-case.
    public let code: String
    public let category: Category
    /// The HTTP status, where the server answered.
    public let status: Int?
    /// `reason` of the server's `Status`, such as `NotFound`; empty where there was none.
    public let reason: String
    /// What happened, and where.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The fields that other managers own: filled for code `field-conflict` only.
    public let fieldConflicts: [FieldConflict]
    /// The rival managers' names, in order of appearance, for code `field-conflict` only.
    public let fieldManagers: [String]
    /// How long the server asks to wait (`Retry-After`), where it does.
    public let retryAfter: Duration?

    public init(
        code: String, category: Category, status: Int? = nil, reason: String = "", message: String,
        hint: String? = nil, fieldConflicts: [FieldConflict] = [], fieldManagers: [String] = [],
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.category = category
        self.status = status
        self.reason = reason
        self.message = message
        self.hint = hint
        self.fieldConflicts = fieldConflicts
        self.fieldManagers = fieldManagers
        self.retryAfter = retryAfter
    }

    public var description: String { message + (hint.map { " " + $0 } ?? "") }
}
