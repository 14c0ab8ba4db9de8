import Documents

/// A value as JSON Schema sees it.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What a YAML reader makes of a node. A date is text here, since JSON Schema knows no dates; of a key that stands twice
    /// the last one counts, as in most readers.
    public init(_ node: Node) {
        switch node.content {
        case .scalar(let scalar):
            switch scalar.type {
            case .null: self = .null
            case .boolean: self = .bool(["true", "yes", "on", "y"].contains(scalar.text.lowercased()))
            case .integer, .float: self = .number(scalar.text)
            case .timestamp, .string: self = .string(scalar.text)
            }
        case .sequence(let items): self = .array(items.map(JSONValue.init))
        case .mapping(let entries):
            var object: [String: JSONValue] = [:]
            for entry in entries { object[entry.key.scalar?.text ?? ""] = JSONValue(entry.value) }
            self = .object(object)
        }
    }

    /// JSON Schema's names of types.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
