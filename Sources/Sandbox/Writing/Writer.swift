/// Carries out writes on the store.
struct Writer: Sendable {
    let store: ObjectStore

    init(store: ObjectStore) {
        self.store = store
    }

    func perform(_ request: WriteRequest) throws(StatusError) -> (object: JSONValue, isNew: Bool) {
        guard !request.dryRun else { throw .notImplemented("dryRun") }
        switch request.operation {
        case .create:
            return (try store.create(request.key, request.body), true)
        case .update:
            return (
                try store.update(request.key) { object in
                    let metadata = object["metadata"]
                    object = request.body
                    object["metadata"] = metadata
                }, false
            )
        case .patch(.merge):
            return (try store.update(request.key) { Self.merge(request.body, into: &$0) }, false)
        case .patch:
            throw .notImplemented("this kind of patch")
        }
    }

    func delete(_ key: ObjectKey, options: JSONValue?, dryRun: Bool) throws(StatusError) -> JSONValue {
        guard !dryRun else { throw .notImplemented("dryRun") }
        return try store.remove(key)
    }

    private static func merge(_ patch: JSONValue, into target: inout JSONValue) {
        guard let fields = patch.object else { return target = patch }
        if target.object == nil { target = .object([:]) }
        for (key, value) in fields {
            guard value != .null else {
                target[key] = nil
                continue
            }
            var field = target[key] ?? .null
            merge(value, into: &field)
            target[key] = field
        }
    }
}
