/// A create, an update or a patch, as the server has read it from a request.
struct WriteRequest: Sendable {
    enum PatchType: Sendable, Hashable {
        /// `application/merge-patch+json`, RFC 7386.
        case merge
        /// `application/strategic-merge-patch+json`, kubectl's default.
        case strategic
        /// `application/apply-patch+yaml`, server-side apply.
        case apply
        /// `application/json-patch+json`, RFC 6902.
        case json
    }

    enum Operation: Sendable, Hashable {
        case create
        case update
        case patch(PatchType)
    }

    var operation: Operation
    /// What the path names. A create's name is taken from the body.
    var key: ObjectKey
    var body: JSONValue
    /// `status`, or nil for the object itself.
    var subresource: String?
    /// Of the query; where it has none, the part of the User-Agent before the slash, as the API server takes it.
    var fieldManager = "unknown"
    /// An apply takes over the fields that other managers own.
    var force = false
    /// `dryRun=All`: everything but the storing.
    var dryRun = false
}
