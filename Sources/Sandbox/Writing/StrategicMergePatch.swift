/// A strategic merge patch: a merge patch in which the lists that have a merge key are merged item by item.
///
/// Source: `k8s.io/apimachinery/pkg/util/strategicpatch` and its description in
/// <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/>.
enum StrategicMergePatch {
    static func apply(_ patch: JSONValue, to original: JSONValue) throws(StatusError) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var fields = original.object ?? [:]
        switch changes["$patch"]?.string {
        case nil, "merge": break
        case "replace": return .object(changes.filter { $0.key != "$patch" })
        case "delete": return .object([:])
        case let directive?: throw unknown(directive)
        }
        if let kept = changes["$retainKeys"]?.array {
            fields = fields.filter { kept.contains(.string($0.key)) }
        }
        for (name, change) in changes.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("$") {
            let order = changes["$setElementOrder/\(name)"]?.array
            switch (change, fields[name]) {
            case (.null, _): fields[name] = nil
            case (.array(let items), let present):
                fields[name] = .array(try list(name, items, onto: present?.array ?? [], order: order))
            case (let change, let present): fields[name] = try apply(change, to: present ?? .null)
            }
        }
        // Directives about lists that the patch does not set.
        for (name, directive) in changes {
            guard let items = directive.array else { continue }
            if let field = suffix(of: name, after: "$deleteFromPrimitiveList/") {
                fields[field] = .array((fields[field]?.array ?? []).filter { !items.contains($0) })
            } else if let field = suffix(of: name, after: "$setElementOrder/"), changes[field] == nil,
                let present = fields[field]?.array
            {
                fields[field] = .array(try list(field, [], onto: present, order: items))
            }
        }
        return .object(fields)
    }

    private static func list(
        _ field: String, _ changes: [JSONValue], onto present: [JSONValue], order: [JSONValue]?
    ) throws(StatusError) -> [JSONValue] {
        switch ListType(field: field, items: changes + present) {
        case .atomic: return changes
        case .set:
            let merged = present + changes.filter { !present.contains($0) }
            return ordered(merged, by: order ?? changes, present: present) { $0 }
        case .map(let keys):
            let key = keys[0]
            let items = changes.filter { $0["$patch"]?.string != "replace" }
            if items.count < changes.count { return items }
            var merged = present
            for item in items {
                guard let value = item[key] else {
                    throw StatusError(
                        code: 500, reason: "",
                        message: "map: \(text(item)) does not contain declared merge key: \(key)")
                }
                let index = merged.firstIndex { $0[key] == value }
                if item["$patch"]?.string == "delete" {
                    merged.removeAll { $0[key] == value }
                } else if let index {
                    merged[index] = try apply(item, to: merged[index])
                } else {
                    merged.append(try apply(item, to: .object([:])))
                }
            }
            return ordered(merged, by: order ?? items, present: present) { $0[key] ?? .null }
        }
    }

    /// The items that the patch names in its order, woven into the others, which keep theirs (`normalizeElementOrder`).
    private static func ordered(
        _ merged: [JSONValue], by order: [JSONValue], present: [JSONValue], _ identity: (JSONValue) -> JSONValue
    ) -> [JSONValue] {
        let rank = order.map(identity)
        let place = present.map(identity)
        var named = merged.filter { rank.contains(identity($0)) }
            .sorted { (rank.firstIndex(of: identity($0)) ?? 0) < (rank.firstIndex(of: identity($1)) ?? 0) }[...]
        var others = merged.filter { !rank.contains(identity($0)) }[...]
        var result: [JSONValue] = []
        while let left = named.first, let right = others.first {
            let places = (place.firstIndex(of: identity(left)), place.firstIndex(of: identity(right)))
            if case (let mine?, let theirs?) = places, theirs < mine {
                result.append(others.removeFirst())
            } else {
                result.append(named.removeFirst())
            }
        }
        return result + named + others
    }

    private static func suffix(of name: String, after prefix: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }

    private static func unknown(_ directive: String) -> StatusError {
        .badRequest("Unknown patch type: \(directive)")
    }

    /// As Go prints a map.
    private static func text(_ item: JSONValue) -> String {
        let fields = (item.object ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.string ?? "…")" }
        return "map[\(fields.joined(separator: " "))]"
    }
}
