/// `kind: Status`, the body of every refusal by the API server.
///
/// Source of the format: Kubernetes API conventions, "Response Status Kind".
struct StatusObject: Decodable, Sendable {
    struct Details: Decodable, Sendable {
        var name: String?
        /// The plural, such as `pods`.
        var kind: String?
        var causes: [Cause]?
        var retryAfterSeconds: Int?
    }

    struct Cause: Decodable, Sendable {
        var reason: String?
        var message: String?
        var field: String?
    }

    var kind: String?
    var message: String?
    var reason: String?
    var code: Int?
    var details: Details?
}
