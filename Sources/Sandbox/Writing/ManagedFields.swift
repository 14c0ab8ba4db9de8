/// Who owns which field: `metadata.managedFields`.
///
/// Source: `sigs.k8s.io/structured-merge-diff/v4/merge` and `k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager`.
struct ManagedFields: Sendable {
    struct Manager: Sendable, Hashable {
        var name: String
        /// `Apply` or `Update`: under one name they are two managers.
        var operation: String
        var apiVersion: String

        /// As conflicts print it; that of an apply without the version.
        var printed: String { operation == "Apply" ? "\"\(name)\"" : "\"\(name)\" using \(apiVersion)" }
    }

    private var fields: [Manager: FieldSet] = [:]
    private var times: [Manager: String] = [:]

    /// Those of the object. One that has none is not kept account of until it is first applied to.
    init(of object: JSONValue) {
        for entry in object["metadata", "managedFields"]?.array ?? [] {
            let manager = Manager(
                name: entry["manager"]?.string ?? "", operation: entry["operation"]?.string ?? "",
                apiVersion: entry["apiVersion"]?.string ?? "")
            fields[manager] = FieldSet(fieldsV1: entry["fieldsV1"] ?? .null)
            times[manager] = entry["time"]?.string
        }
    }

    init() {}

    /// `metadata.managedFields`; applies first, then by time and name.
    var json: JSONValue? {
        let order = fields.keys.sorted { left, right in
            let (one, other) = (times[left] ?? "", times[right] ?? "")
            return (left.operation, one, left.name) < (right.operation, other, right.name)
        }
        let entries = order.map { manager -> JSONValue in
            var entry: JSONValue = [
                "manager": .string(manager.name), "operation": .string(manager.operation),
                "apiVersion": .string(manager.apiVersion), "fieldsType": "FieldsV1",
                "fieldsV1": fields[manager]?.fieldsV1 ?? .object([:]),
            ]
            entry["time"] = times[manager].map { .string($0) }
            return entry
        }
        return entries.isEmpty ? nil : .array(entries)
    }

    /// A write that is no apply: what it changed is the writer's, and no one else's any more.
    mutating func update(from old: JSONValue, to new: JSONValue, by name: String) {
        let changes = FieldChanges(from: old, to: new)
        take(changes.set, but: nil)
        drop(changes.removed)
        guard !changes.set.isEmpty else { return }
        let manager = Manager(name: name, operation: "Update", apiVersion: new["apiVersion"]?.string ?? "")
        fields[manager, default: FieldSet()].paths.formUnion(changes.set)
        times[manager] = Timestamp.now()
    }

    /// A server-side apply: the object that comes of it, before defaults.
    ///
    /// - Throws: `StatusError` 409 where it changes what others own, unless it is forced.
    mutating func apply(
        _ applied: JSONValue, to live: JSONValue, by name: String, force: Bool
    ) throws(StatusError) -> JSONValue {
        let manager = Manager(name: name, operation: "Apply", apiVersion: applied["apiVersion"]?.string ?? "")
        let managed = fields
        if fields.isEmpty && live["metadata", "uid"] != nil {
            update(from: Self.blank(of: live), to: live, by: "before-first-apply")
        }
        let last = fields[manager] ?? FieldSet()
        let mine = FieldSet(appliedBy: applied)
        var new = live.applying(applied, field: "")
        let others = fields.filter { $0.key != manager }.values
        for path in last.paths.subtracting(mine.paths).sorted(by: { $0.elements.count < $1.elements.count })
        where !others.contains(where: { $0.owns(path) }) {
            new.remove(path.elements[...], field: "")
        }
        let changes = FieldChanges(from: live, to: new)
        let conflicts = fields.filter { $0.key != manager }
            .mapValues { FieldSet($0.paths.intersection(changes.set)) }.filter { !$0.value.paths.isEmpty }
        if !force && !conflicts.isEmpty { throw Self.conflict(conflicts) }
        take(changes.set, but: manager)
        drop(changes.removed)
        fields[manager] = mine.paths.isEmpty ? nil : mine
        if changes.set.isEmpty && changes.removed.isEmpty && fields == managed { return live }
        times[manager] = Timestamp.now()
        return new
    }

    private mutating func take(_ paths: Set<FieldPath>, but taker: Manager?) {
        for manager in fields.keys where manager != taker { fields[manager]?.paths.subtract(paths) }
        fields = fields.filter { !$0.value.paths.isEmpty || $0.key == taker }
    }

    private mutating func drop(_ paths: Set<FieldPath>) {
        take(paths, but: nil)
    }

    /// The object's parts that are always there, so that nobody owns them.
    static func blank(of object: JSONValue) -> JSONValue {
        var blank: JSONValue = ["metadata": .object([:])]
        guard let spec = object["spec"] else { return blank }
        blank["spec"] = .object([:])
        blank["status"] = object["status"]
        if spec["containers"] != nil { blank["spec", "containers"] = [] }
        for strategy in ["updateStrategy", "strategy"] where spec[strategy] != nil {
            blank["spec", strategy] = .object([:])
        }
        if spec["template"] != nil {
            blank["spec", "template"] = ["metadata": .object([:]), "spec": ["containers": []]]
        }
        return blank
    }

    private static func conflict(_ conflicts: [Manager: FieldSet]) -> StatusError {
        let found = conflicts.sorted { $0.key.name < $1.key.name }.map {
            ($0.key.printed, $0.value.ordered.map(\.printed))
        }
        let causes = found.flatMap { manager, paths in
            paths.map {
                StatusError.Cause(reason: "FieldManagerConflict", message: "conflict with \(manager)", field: $0)
            }
        }
        let words =
            causes.count == 1
            ? "1 conflict: \(causes[0].message): \(causes[0].field ?? "")"
            : "\(causes.count) conflicts: "
                + found.map { (["conflicts with \($0.0):"] + $0.1.map { "- \($0)" }).joined(separator: "\n") }
                .joined(separator: "\n")
        return StatusError(code: 409, reason: "Conflict", message: "Apply failed with \(words)", causes: causes)
    }
}

extension FieldSet {
    /// Whether it has the field, or for a field of an object anything below it.
    fileprivate func owns(_ path: FieldPath) -> Bool {
        if paths.contains(path) { return true }
        guard case .field? = path.elements.last else { return false }
        return paths.contains { $0.elements.starts(with: path.elements) }
    }
}

extension JSONValue {
    /// The object with the applied fields set: lists that are maps item by item, new items last.
    fileprivate func applying(_ applied: JSONValue, field: String) -> JSONValue {
        switch (self, applied) {
        case (.object(var fields), .object(let changes)) where applied.children(of: field) != nil:
            for (name, change) in changes {
                fields[name] = change == .null ? nil : (fields[name]?.applying(change, field: name) ?? change)
            }
            return .object(fields)
        case (.array, .array(let items)):
            guard let present = elements(of: field), let changes = applied.elements(of: field) else { return applied }
            let merged = present.map { element, value in
                changes.first { $0.element == element }.map { value.applying($0.value, field: "") } ?? value
            }
            let known = Set(present.map(\.element))
            return .array(merged + zip(changes, items).filter { !known.contains($0.0.element) }.map(\.1))
        default: return applied
        }
    }

    /// Takes out the field, and what is left empty by that.
    fileprivate mutating func remove(_ path: ArraySlice<FieldPath.Element>, field: String) {
        guard let element = path.first else { return }
        let rest = path.dropFirst()
        if case .field(let name) = element {
            guard !rest.isEmpty, var child = self[name] else { return self[name] = nil }
            child.remove(rest, field: name)
            self[name] = child == .object([:]) || child == .array([]) ? nil : child
        } else if let items = elements(of: field) {
            self = .array(
                items.compactMap { other, value in
                    guard other == element else { return value }
                    guard !rest.isEmpty else { return nil }
                    var value = value
                    value.remove(rest, field: "")
                    return value
                })
        }
    }
}
