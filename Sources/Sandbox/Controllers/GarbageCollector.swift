/// Deletes what has lost its owner or its namespace.
struct GarbageCollector {
    let context: ControllerContext

    init(_ context: ControllerContext) { self.context = context }

    /// Deletes the object if none of its owners exists any more; ends a deletion that waits for dependents
    /// (`propagationPolicy: Foreground` and `Orphan`, which are finalizers).
    func collect(_ key: ObjectKey) throws(StatusError) {
        guard let object = context.store[key] else { return }
        let owners = object["metadata", "ownerReferences"]?.array ?? []
        let isOrphan = !owners.isEmpty && owners.allSatisfy { isGone($0, key) }
        if isOrphan { return try delete(key, object) }
        guard object["metadata", "deletionTimestamp"] != nil,
            let finalizers = object["metadata", "finalizers"]?.array
        else { return }
        if finalizers.contains("orphan") {
            for dependent in context.owned[object.controllerUID] { try release(dependent, from: object) }
        } else if finalizers.contains("foregroundDeletion") {
            let dependents = context.owned[object.controllerUID].filter { context.store[$0] != nil }
            for dependent in dependents {
                if let found = context.store[dependent] { try delete(dependent, found) }
            }
            guard dependents.isEmpty else { return }  // collected again by `empty` once they are gone
        } else {
            return
        }
        try context.remove(key, uid: object.controllerUID)
    }

    /// Deletes all that is in a namespace that is gone or going, and then the namespace.
    func empty(_ key: ObjectKey) throws(StatusError) {
        let namespace = context.store[key]
        guard namespace == nil || namespace?["metadata", "deletionTimestamp"] != nil else { return }
        var isEmpty = true
        for resource in APIResource.all where resource.isNamespaced {
            for object in context.store.list(resource, namespace: key.name).items {
                isEmpty = false
                try delete(ObjectKey(resource, object), object)
            }
        }
        if isEmpty, let namespace { try context.remove(key, uid: namespace.controllerUID) }
    }

    private func isGone(_ owner: JSONValue, _ key: ObjectKey) -> Bool {
        guard let ownerKey = ObjectKey(owner: owner, of: key) else { return false }
        return context.store[ownerKey]?.controllerUID != owner["uid"]?.string
    }

    private func delete(_ key: ObjectKey, _ object: JSONValue) throws(StatusError) {
        if key.resource == .pods {
            try context.delete(Pod(object: object))
        } else {
            try context.remove(key, uid: object.controllerUID)
        }
    }

    private func release(_ key: ObjectKey, from owner: JSONValue) throws(StatusError) {
        guard context.store[key] != nil else { return }
        try context.store.update(key) { object throws(StatusError) in
            let others = (object["metadata", "ownerReferences"]?.array ?? []).filter {
                $0["uid"]?.string != owner.controllerUID
            }
            object["metadata", "ownerReferences"] = others.isEmpty ? nil : .array(others)
        }
    }
}
