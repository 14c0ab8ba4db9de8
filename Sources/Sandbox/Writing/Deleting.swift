import FoundationEssentials

extension Writer {
    /// Deletes an object: at once, or by marking it where it has a grace period (a pod on a node), finalizers, or content
    /// (a namespace).
    ///
    /// - Parameter options: `DeleteOptions`: `preconditions`, `gracePeriodSeconds`, `propagationPolicy`.
    /// - Returns: the pod or the object that is still there; else a `Status` of success.
    /// - Throws: `StatusError`: 404; 409 where a precondition does not hold.
    func delete(_ key: ObjectKey, options: JSONValue?, dryRun: Bool = false) throws(StatusError) -> JSONValue {
        // The default of `batch`, from before there was a collector.
        let policy = options?["propagationPolicy"]?.string ?? (key.resource == .jobs ? "Orphan" : nil)
        if policy == "Foreground" { throw .notImplemented("deletion with propagationPolicy Foreground") }
        guard let object = store[key] else { throw .notFound(key) }
        let uid = object["metadata", "uid"]?.string
        let grace = Self.gracePeriod(of: object, key.resource, options)
        if grace > 0 || object["metadata", "finalizers"] != nil || key.resource == .namespaces {
            return try store.update(key, dryRun: dryRun) { object throws(StatusError) in
                try Self.check(options, object, key)
                Self.mark(&object, key.resource, grace: grace)
            }
        }
        if policy == "Orphan", let uid, !dryRun {
            try Self.check(options, object, key)
            try orphan(uid)
        }
        if key.resource == .pods {  // is marked even when it goes at once, and watches tell of both
            let marked = try store.update(key, dryRun: dryRun) { object throws(StatusError) in
                try Self.check(options, object, key)
                Self.mark(&object, key.resource, grace: 0)
            }
            if dryRun { return marked }
        }
        let removed = try store.remove(key, dryRun: dryRun) { object throws(StatusError) in
            // A pod was checked before it was marked, which gave it another resourceVersion.
            if key.resource != .pods { try Self.check(options, object, key) }
        }
        if key.resource == .pods { return removed }
        var details: JSONValue = ["name": .string(key.name), "kind": .string(key.resource.plural)]
        details["group"] = key.resource.group.isEmpty ? nil : .string(key.resource.group)
        details["uid"] = removed["metadata", "uid"]
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": .object([:]), "status": "Success", "details": details,
        ]
    }

    /// Seconds. A pod that is on no node, or has ended, goes at once.
    private static func gracePeriod(of object: JSONValue, _ resource: APIResource, _ options: JSONValue?) -> Int {
        guard resource == .pods, object["spec", "nodeName"] != nil,
            !["Failed", "Succeeded"].contains(object["status", "phase"]?.string)
        else { return 0 }
        return options?["gracePeriodSeconds"]?.integer ?? object["spec", "terminationGracePeriodSeconds"]?.integer ?? 30
    }

    private static func mark(_ object: inout JSONValue, _ resource: APIResource, grace: Int) {
        if resource == .namespaces { object["status", "phase"] = "Terminating" }
        // What is being deleted already can only be made to go sooner.
        if object["metadata", "deletionTimestamp"] != nil {
            guard resource == .pods, grace < object["metadata", "deletionGracePeriodSeconds"]?.integer ?? 0 else {
                return
            }
        }
        let end = Date().addingTimeInterval(Double(grace))
        object["metadata", "deletionTimestamp"] = .string(Timestamp.text(end))
        if resource != .namespaces { object["metadata", "deletionGracePeriodSeconds"] = .integer(Int64(grace)) }
        if resource.hasGeneration, let generation = object["metadata", "generation"]?.integer {
            object["metadata", "generation"] = .integer(Int64(generation + 1))
        }
    }

    private static func check(
        _ options: JSONValue?, _ object: JSONValue, _ key: ObjectKey
    ) throws(StatusError) {
        let metadata = object["metadata"]
        if let wanted = options?["preconditions", "uid"]?.string, wanted != metadata?["uid"]?.string {
            throw .conflict(
                key.namedByKind,
                "the UID in the precondition (\(wanted)) does not match the UID in record (\(metadata?["uid"]?.string ?? "")). The object might have been deleted and then recreated"
            )
        }
        let version = metadata?["resourceVersion"]?.string ?? ""
        if let wanted = options?["preconditions", "resourceVersion"]?.string, wanted != version {
            throw .conflict(
                key.namedByKind,
                "the ResourceVersion in the precondition (\(wanted)) does not match the ResourceVersion in record (\(version)). The object might have been modified"
            )
        }
    }

    /// Frees what the object owns, so that the garbage collector leaves it.
    private func orphan(_ uid: String) throws(StatusError) {
        for resource in APIResource.all {
            for object in store.list(resource).items {
                let owners = object["metadata", "ownerReferences"]?.array ?? []
                guard owners.contains(where: { $0["uid"]?.string == uid }) else { continue }
                let key = ObjectKey(
                    resource: resource, namespace: object["metadata", "namespace"]?.string ?? "",
                    name: object["metadata", "name"]?.string ?? "")
                try store.update(key) { object throws(StatusError) in
                    let others = (object["metadata", "ownerReferences"]?.array ?? []).filter {
                        $0["uid"]?.string != uid
                    }
                    object["metadata", "ownerReferences"] = others.isEmpty ? nil : .array(others)
                }
            }
        }
    }
}
