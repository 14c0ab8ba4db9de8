/// Carries out writes as the API server does: it patches, sets defaults, validates, keeps account of who owns which field,
/// and stores, each in one step that no other write can come into.
struct Writer: Sendable {
    let store: ObjectStore

    init(store: ObjectStore) {
        self.store = store
    }

    /// - Returns: the object as stored (as it would be stored, for a dry run), and whether it is a new one (201).
    /// - Throws: `StatusError`: 400, 404, 409, 422 as the API server decides them.
    func perform(_ request: WriteRequest) throws(StatusError) -> (object: JSONValue, isNew: Bool) {
        switch request.operation {
        case .create: return (try create(request), true)
        case .patch(.apply):
            try checkApply(request)
            if store[request.key] == nil { return (try create(request), true) }
        case .update: try checkIdentity(request)
        case .patch: break
        }
        let object = try store.update(request.key, dryRun: request.dryRun) { object throws(StatusError) in
            object = try Self.updated(object, request)
        }
        if object["metadata", "deletionTimestamp"] != nil && object["metadata", "finalizers"] == nil
            && request.key.resource != .pods && request.key.resource != .namespaces && !request.dryRun
        {
            try store.remove(request.key)  // its last finalizer was what it waited for
        }
        return (object, false)
    }

    private func create(_ request: WriteRequest) throws(StatusError) -> JSONValue {
        try checkIdentity(request)
        var object = request.body.pruned
        try Self.checkTypes(object, request)
        var key = request.key
        if let prefix = object["metadata", "generateName"]?.string, object["metadata", "name"] == nil {
            object["metadata", "name"] = .string(prefix + Self.randomSuffix())
        }
        if request.operation == .patch(.apply) { object["metadata", "name"] = .string(key.name) }
        key.name = object["metadata", "name"]?.string ?? ""
        if key.resource.isNamespaced { try checkNamespace(key) }
        if request.operation == .patch(.apply), let uid = object["metadata", "uid"]?.string {
            throw .conflict(
                key, "uid mismatch: the provided object specified uid \(uid), and no existing object was found")
        }
        if request.operation == .create && object["metadata", "resourceVersion"] != nil {
            throw StatusError(
                code: 500, reason: "InternalError",
                message: "resourceVersion should not be set on objects to be created")
        }
        for field in ["uid", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"] {
            object["metadata", field] = nil
        }
        object["metadata", "namespace"] = key.resource.isNamespaced ? .string(key.namespace) : nil
        if key.resource.hasStatus || key.resource == .services || key.resource == .namespaces { object["status"] = nil }
        var managed = ManagedFields()
        if request.operation == .patch(.apply) {
            object = try managed.apply(object, to: .object([:]), by: request.fieldManager, force: request.force)
        }
        if key.resource == .jobs { JobSelector.generate(&object, uid: ObjectStore.newUID()) }
        Defaults.set(on: &object, key.resource)
        object["apiVersion"] = .string(key.resource.apiVersion)
        if request.operation == .create {
            managed.update(from: ManagedFields.blank(of: object), to: object, by: request.fieldManager)
        }
        try Validation.check(object, key, old: nil)
        object["metadata", "managedFields"] = managed.json
        if key.resource == .services { object["spec", "clusterIPs"] = object["spec", "clusterIP"].map { .array([$0]) } }
        return try store.create(key, object, dryRun: request.dryRun)
    }

    /// The object that an update or a patch makes of the present one.
    private static func updated(_ old: JSONValue, _ request: WriteRequest) throws(StatusError) -> JSONValue {
        let key = request.key
        var managed = ManagedFields(of: old)
        var new: JSONValue
        switch request.operation {
        case .create, .update: new = request.body
        case .patch(.merge): new = old.merged(with: request.body)
        case .patch(.strategic): new = try StrategicMergePatch.apply(request.body, to: old)
        case .patch(.json): new = try JSONPatch.apply(request.body, to: old)
        case .patch(.apply):
            new = try managed.apply(request.body.pruned, to: old, by: request.fieldManager, force: request.force)
        }
        new = new.pruned
        try checkTypes(new, request)
        try checkPreconditions(new, old, request)
        // One empty entry asks that no account be kept until the next apply.
        let isReset = new["metadata", "managedFields"] == [.object([:])]
        keepSystemFields(&new, of: old, key.resource)
        if request.subresource == "status" {
            let status = new["status"]
            let metadata = new["metadata"]
            new = old
            new["metadata"] = metadata
            new["status"] = status
        } else if key.resource.hasStatus || key.resource == .services || key.resource == .namespaces {
            new["status"] = old["status"]
        }
        if key.resource == .deployments && request.subresource == nil,
            new["metadata", "annotations"] != old["metadata", "annotations"],
            let generation = old["metadata", "generation"]?.integer
        {
            // Of a Deployment its annotations count, too: its controller copies them to the ReplicaSets.
            new["metadata", "generation"] = .integer(Int64(generation + 1))
        }
        Defaults.set(on: &new, key.resource)
        try Validation.check(new, key, old: old)
        if request.operation == .patch(.apply) {
            new["metadata", "managedFields"] = managed.json
        } else if isReset {
            new["metadata", "managedFields"] = nil
        } else if managed.json != nil {
            managed.update(from: old, to: new, by: request.fieldManager)
            new["metadata", "managedFields"] = managed.json
        }
        return new
    }

    private static func checkPreconditions(
        _ new: JSONValue, _ old: JSONValue, _ request: WriteRequest
    ) throws(StatusError) {
        let uid = new["metadata", "uid"]?.string
        if request.operation == .update, let uid, uid != old["metadata", "uid"]?.string {
            throw Self.uidMismatch(request.key, uid, old["metadata", "uid"]?.string ?? "")
        }
        if let name = new["metadata", "name"]?.string, name != request.key.name {
            throw .badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(request.key.name))")
        }
        if let version = new["metadata", "resourceVersion"]?.string,
            version != old["metadata", "resourceVersion"]?.string
        {
            throw .stale(request.key)
        }
    }

    /// What no write can change: it is the server's.
    private static func keepSystemFields(_ new: inout JSONValue, of old: JSONValue, _ resource: APIResource) {
        for field in [
            "namespace", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds",
            "managedFields", "selfLink",
        ] {
            new["metadata", field] = old["metadata", field]
        }
        if new["metadata", "uid"] == nil { new["metadata", "uid"] = old["metadata", "uid"] }
        if new["metadata", "name"] == nil { new["metadata", "name"] = old["metadata", "name"] }
        // A lease has to be updated with the resourceVersion it was read at; everything else may be without one.
        if resource != .leases { new["metadata", "resourceVersion"] = old["metadata", "resourceVersion"] }
        new["apiVersion"] = old["apiVersion"]
        new["kind"] = old["kind"]
    }

    /// That the body is about what the path names.
    private func checkIdentity(_ request: WriteRequest) throws(StatusError) {
        let (body, key) = (request.body, request.key)
        let kind = body["kind"]?.string ?? key.resource.kind
        let version = body["apiVersion"]?.string ?? key.resource.apiVersion
        if kind != key.resource.kind || version != key.resource.apiVersion {
            throw .badRequest("\(kind) in version \"\(version)\" cannot be handled as a \(key.resource.kind)")
        }
        if key.resource.isNamespaced, let namespace = body["metadata", "namespace"]?.string, namespace != key.namespace
        {
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request")
        }
        if request.operation == .update, let uid = body["metadata", "uid"]?.string, store[key] == nil {
            throw Self.uidMismatch(key, uid, "")
        }
    }

    /// The codes are the API server's, the words are not: they are those of its decoders.
    private static func checkTypes(_ object: JSONValue, _ request: WriteRequest) throws(StatusError) {
        guard let mismatch = FieldTypes.firstMismatch(in: object) else { return }
        switch request.operation {
        case .create, .update:
            let kind = request.key.resource.kind
            throw .badRequest(
                "\(kind) in version \"\(request.key.resource.version)\" cannot be handled as a \(kind): \(mismatch)")
        case .patch(.apply):
            throw StatusError(code: 500, reason: "", message: "failed to create typed patch object: \(mismatch)")
        case .patch:
            let cause = StatusError.Cause(
                reason: "FieldValueInvalid", message: "Invalid value: \(mismatch)", field: "patch")
            throw StatusError(
                code: 422, reason: "Invalid", message: " \"\" is invalid: patch: \(cause.message)", causes: [cause])
        }
    }

    private func checkApply(_ request: WriteRequest) throws(StatusError) {
        if request.fieldManager.isEmpty { throw Self.managerRequired }
        let (body, key) = (request.body, request.key)
        let version = body["apiVersion"]?.string ?? ""
        if version != key.resource.apiVersion {
            throw .badRequest(
                "Incorrect version specified in apply patch. Specified patch version: \(version), expected: \(key.resource.apiVersion)"
            )
        }
        if body["metadata", "managedFields"] != nil { throw .badRequest("metadata.managedFields must be nil") }
        try checkIdentity(request)
        if let name = body["metadata", "name"]?.string, name != key.name {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(key.name))")
        }
    }

    private func checkNamespace(_ key: ObjectKey) throws(StatusError) {
        let namespaceKey = ObjectKey(resource: .namespaces, namespace: "", name: key.namespace)
        guard let namespace = store[namespaceKey] else { throw .notFound(namespaceKey) }
        guard namespace["metadata", "deletionTimestamp"] != nil else { return }
        throw StatusError(
            code: 403, reason: "Forbidden",
            message:
                "\(key.resource.qualifiedName) \"\(key.name)\" is forbidden: unable to create new content in namespace \(key.namespace) because it is being terminated",
            resource: key.resource, name: key.name,
            causes: [
                .init(
                    reason: "NamespaceTerminating", message: "namespace \(key.namespace) is being terminated",
                    field: "metadata.namespace")
            ])
    }

    private static func uidMismatch(_ key: ObjectKey, _ given: String, _ actual: String) -> StatusError {
        .conflict(
            key,
            "StorageError: invalid object, Code: 4, Key: /registry/\(key.resource.plural)/\(key.namespace)/\(key.name), ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: \(given), UID in object meta: \(actual)"
        )
    }

    private static let managerRequired: StatusError = {
        let cause = StatusError.Cause(
            reason: "FieldValueRequired", message: "Required value: is required for apply patch", field: "fieldManager")
        let resource = APIResource(group: "meta.k8s.io", version: "v1", plural: "", kind: "PatchOptions")
        return .invalid(ObjectKey(resource: resource, namespace: "", name: ""), [cause])
    }()

    /// Five letters and digits that make no words, as the API server appends them to `generateName`.
    private static func randomSuffix() -> String {
        String((0..<5).compactMap { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() })
    }
}

extension JSONValue {
    /// Without what the API does not store: nulls, empty lists, and maps of strings without an entry.
    var pruned: JSONValue {
        switch self {
        case .array(let items): return .array(items.map(\.pruned))
        case .object(let fields):
            let maps = ["annotations", "labels", "matchLabels", "nodeSelector", "limits", "requests", "finalizers"]
            var kept = fields.mapValues(\.pruned).filter { $0.value != .null && $0.value != .array([]) }
            for name in maps where kept[name] == .object([:]) { kept[name] = nil }
            return .object(kept)
        default: return self
        }
    }
}
