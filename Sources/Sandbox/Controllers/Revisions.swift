import FoundationEssentials

/// The ControllerRevisions of a StatefulSet: each template that it has had (pkg/controller/history).
struct Revisions {
    let context: ControllerContext
    let set: JSONValue
    let key: ObjectKey
    /// Oldest first.
    private(set) var all: [JSONValue]

    init(_ context: ControllerContext, of set: JSONValue, _ key: ObjectKey) {
        self.context = context
        self.set = set
        self.key = key
        all = context.objects(.controllerRevisions, controlledBy: set.controllerUID)
            .sorted { ($0["revision"]?.integer ?? 0) < ($1["revision"]?.integer ?? 0) }
    }

    /// The revision of the template as it is now, made or moved to the end where need be.
    mutating func update() throws(StatusError) -> JSONValue {
        var template = set["spec", "template"] ?? [:]
        template["$patch"] = "replace"
        let data: JSONValue = ["spec": ["template": template]]
        let next = JSONValue.integer(Int64((all.last?["revision"]?.integer ?? 0) + 1))
        if let index = all.lastIndex(where: { $0["data"] == data }) {
            if index == all.count - 1 { return all[index] }
            let found = all.remove(at: index)
            all.append(try context.store.update(ObjectKey(.controllerRevisions, found)) { $0["revision"] = next })
        } else {
            let hash = try Self.hash(data)
            var revision: JSONValue = ["data": data, "revision": next]
            revision["metadata", "labels"] = set["spec", "selector", "matchLabels"] ?? [:]
            revision["metadata", "labels", "controller.kubernetes.io/hash"] = .string(hash)
            revision["metadata", "ownerReferences"] = context.ownerReferences(set)
            let name = ObjectKey(
                resource: .controllerRevisions, namespace: key.namespace, name: "\(key.name)-\(hash)")
            all.append(try context.store.create(name, revision))
        }
        return all[all.count - 1]
    }

    subscript(name: String?) -> JSONValue? { all.first { $0["metadata", "name"]?.string == name } }

    /// Deletes the oldest that nothing runs any more, down to `revisionHistoryLimit`.
    func truncate(keeping live: Set<String>) throws(StatusError) {
        let limit = set["spec", "revisionHistoryLimit"]?.integer ?? 10
        let old = all.filter { !live.contains($0["metadata", "name"]?.string ?? "") }
        for revision in old.prefix(max(0, old.count - limit)) {
            try context.remove(ObjectKey(.controllerRevisions, revision), uid: revision.controllerUID)
        }
    }

    /// As Kubernetes hashes a revision without collisions, so that names are the same as a real cluster's.
    static func hash(_ data: JSONValue) throws(StatusError) -> String {
        let bytes: Data
        do { bytes = try data.json() } catch {
            throw StatusError(code: 500, reason: "InternalError", message: "no JSON: \(error)")
        }
        return FNV.safe(String(FNV.hash32(Array(bytes) + Array("0".utf8))))
    }
}
