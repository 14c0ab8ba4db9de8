/// A set of fields, as one manager owns them.
struct FieldSet: Sendable, Hashable {
    var paths: Set<FieldPath> = []

    /// The fields that an applied object sets: its plain values, and the items that it names in lists.
    init(appliedBy object: JSONValue) {
        collect(object, FieldPath(), field: "")
        paths.subtract(FieldPath.systemFields)
    }

    init(_ paths: Set<FieldPath> = []) {
        self.paths = paths
    }

    private mutating func collect(_ value: JSONValue, _ path: FieldPath, field: String) {
        guard let children = value.children(of: field), !children.isEmpty else {
            paths.insert(path)
            return
        }
        for (element, child) in children {
            switch element {
            case .field(let name): collect(child, path + element, field: name)
            case .item, .value:
                paths.insert(path + element)
                if case .object = child { collect(child, path + element, field: "") }
            }
        }
    }

    /// `fieldsV1` of a managed fields entry.
    init(fieldsV1: JSONValue) {
        decode(fieldsV1, FieldPath())
    }

    private mutating func decode(_ node: JSONValue, _ path: FieldPath) {
        let fields = node.object ?? [:]
        if (fields.isEmpty || fields["."] != nil) && !path.elements.isEmpty { paths.insert(path) }
        for (text, child) in fields {
            guard let element = FieldPath.Element(text: text) else { continue }
            decode(child, path + element)
        }
    }

    var fieldsV1: JSONValue { Self.encode(paths.map { $0.elements[...] }) }

    private static func encode(_ paths: [ArraySlice<FieldPath.Element>]) -> JSONValue {
        var node: [String: JSONValue] = [:]
        for (text, below) in Dictionary(grouping: paths, by: { $0.first?.text ?? "." }) where text != "." {
            let rest = below.map { $0.dropFirst() }
            var child = encode(rest)
            if child != .object([:]) && rest.contains(where: \.isEmpty) { child["."] = .object([:]) }
            node[text] = child
        }
        return .object(node)
    }

    /// In the order in which the API server names them: at each level the fields owned themselves, then those below others.
    var ordered: [FieldPath] {
        func place(_ path: FieldPath) -> [String] {
            let last = path.elements.count - 1
            return path.elements.enumerated().map { ($0.offset == last ? "0" : "1") + $0.element.text }
        }
        return paths.map { (place($0), $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
    }
}

/// What differs between two states of an object, field by field.
struct FieldChanges {
    /// Added and modified fields.
    private(set) var set: Set<FieldPath> = []
    private(set) var removed: Set<FieldPath> = []

    init(from old: JSONValue, to new: JSONValue) {
        compare(old, new, FieldPath(), field: "")
        set.subtract(FieldPath.systemFields)
        removed.subtract(FieldPath.systemFields)
    }

    private mutating func compare(_ old: JSONValue?, _ new: JSONValue?, _ path: FieldPath, field: String) {
        if old == new { return }
        let before = old?.children(of: field)
        let after = new?.children(of: field)
        if old == nil { set.insert(path) }
        if new == nil { removed.insert(path) }
        if old != nil && new != nil && (before == nil || after == nil) { set.insert(path) }
        if (old == nil || before != nil) && (new == nil || after != nil) {
            let theirs = Dictionary(before ?? []) { first, _ in first }
            let ours = Dictionary(after ?? []) { first, _ in first }
            for element in Set(theirs.keys).union(ours.keys) {
                var name = ""
                if case .field(let field) = element { name = field }
                compare(theirs[element], ours[element], path + element, field: name)
            }
        }
    }
}

extension Dictionary where Key == FieldPath.Element, Value == JSONValue {
    fileprivate init(_ children: [(element: Key, value: Value)], _ combine: (Value, Value) -> Value) {
        self.init(children.map { ($0.element, $0.value) }, uniquingKeysWith: combine)
    }
}
