import FoundationEssentials

/// The way to a field, in the words of `FieldsV1`: `f:spec`, `k:{"name":"backend"}`, `v:"item"`.
///
/// Source: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>, `sigs.k8s.io/structured-merge-diff`.
struct FieldPath: Sendable, Hashable {
    enum Element: Sendable, Hashable {
        case field(String)
        /// An item of a list that is a map, by its keys.
        case item([String: JSONValue])
        /// An item of a set.
        case value(JSONValue)

        /// As `FieldsV1` writes it.
        var text: String {
            switch self {
            case .field(let name): "f:\(name)"
            case .item(let keys): "k:\(JSONValue.object(keys).line)"
            case .value(let value): "v:\(value.line)"
            }
        }

        /// - Returns: nil for the `.` that says that the element above is owned itself.
        init?(text: String) {
            let rest = String(text.dropFirst(2))
            switch text.prefix(2) {
            case "f:": self = .field(rest)
            case "k:": self = .item(JSONValue(line: rest).object ?? [:])
            case "v:": self = .value(JSONValue(line: rest))
            default: return nil
            }
        }

        /// As conflicts print it: `.image`, `[name="backend"]`.
        var printed: String {
            switch self {
            case .field(let name): ".\(name)"
            case .item(let keys):
                "[\(keys.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.line)" }.joined(separator: ","))]"
            case .value(let value): "[=\(value.line)]"
            }
        }
    }

    var elements: [Element] = []

    static func + (path: FieldPath, element: Element) -> FieldPath { FieldPath(elements: path.elements + [element]) }

    var printed: String { elements.map(\.printed).joined() }

    /// Fields that are the server's, and owned by nobody.
    static let systemFields: Set<FieldPath> = Set(
        [["apiVersion"], ["kind"], ["metadata"]].map { FieldPath(elements: $0.map(Element.field)) }
            + [
                "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
                "resourceVersion",
            ].map { FieldPath(elements: [.field("metadata"), .field($0)]) })
}

extension JSONValue {
    /// The items of a list with the path element of each; nil where this is no list, or one that is taken whole.
    func elements(of field: String) -> [(element: FieldPath.Element, value: JSONValue)]? {
        guard case .array(let items) = self else { return nil }
        switch ListType(field: field, items: items) {
        case .atomic: return nil
        case .set: return items.map { (.value($0), $0) }
        case .map(let keys):
            return items.map { item in
                let pairs = keys.map { key in (key, item[key] ?? (key == "protocol" ? "TCP" : .null)) }
                return (.item(Dictionary(pairs) { first, _ in first }), item)
            }
        }
    }

    /// The fields of an object or the items of a list, with their path elements; nil for what is owned whole: plain values,
    /// atomic lists and label selectors.
    func children(of field: String) -> [(element: FieldPath.Element, value: JSONValue)]? {
        guard case .object(let fields) = self else { return elements(of: field) }
        let isLabelSelector = field == "labelSelector" || self["matchLabels"] != nil || self["matchExpressions"] != nil
        return isLabelSelector ? nil : fields.map { (.field($0.key), $0.value) }
    }

    fileprivate var line: String {
        // Only a number that JSON has no text for cannot be written, and no object read from JSON has one.
        (try? json()).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }

    fileprivate init(line: String) {
        self = (try? JSONValue(json: Data(line.utf8))) ?? .null  // what no server wrote is owned under no key
    }
}
