/// Which objects of a resource a list or a watch is about.
struct Selection: Sendable {
    let resource: APIResource
    /// nil for all namespaces.
    let namespace: String?
    let isFiltered: Bool
    private let labels: LabelSelector
    private let fields: FieldSelector

    init(_ request: APIRequest, _ resource: APIResource, namespace: String) throws(StatusError) {
        self.resource = resource
        self.namespace = resource.isNamespaced && !namespace.isEmpty ? namespace : nil
        let texts = (request.query["labelSelector"] ?? "", request.query["fieldSelector"] ?? "")
        isFiltered = texts != ("", "")
        labels = try LabelSelector(texts.0)
        fields = try FieldSelector(texts.1)
        try fields.check(resource)
    }

    func matches(_ object: JSONValue) -> Bool { labels.matches(object) && fields.matches(object) }

    /// The change as this selection sees it: an object that enters is added, one that leaves is deleted; nil where the
    /// selection is not concerned.
    func view(_ change: Change) -> (kind: Change.Kind, object: JSONValue)? {
        guard change.key.resource == resource, (namespace ?? change.key.namespace) == change.key.namespace else {
            return nil
        }
        let was = change.previous.map(matches) ?? false
        let isNow = change.kind != .deleted && matches(change.object)
        switch (was, isNow) {
        case (false, false): return nil
        case (false, true): return (.added, change.object)
        case (true, true): return (.modified, change.object)
        case (true, false):
            guard change.kind != .deleted, var last = change.previous else { return (.deleted, change.object) }
            last["metadata", "resourceVersion"] = .string(String(change.resourceVersion))
            return (.deleted, last)
        }
    }
}
