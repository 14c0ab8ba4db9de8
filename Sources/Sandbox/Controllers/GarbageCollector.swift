/// Deletes what has lost its owner or its namespace.
struct GarbageCollector {
    let context: ControllerContext

    init(_ context: ControllerContext) { self.context = context }

    /// Deletes the object if none of its owners exists any more.
    func collect(_ key: ObjectKey) throws(StatusError) {
        guard let object = context.store[key] else { return }
        let owners = object["metadata", "ownerReferences"]?.array ?? []
        if !owners.isEmpty && owners.allSatisfy({ isGone($0, key) }) { try delete(key, object) }
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
}
