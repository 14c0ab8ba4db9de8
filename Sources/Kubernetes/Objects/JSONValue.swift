/// An object of the API as it is, for what Descry passes on without knowing all of its fields.
enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// A field of an object; nil where there is none, or this is no object. Setting a field of something else makes it an
    /// object; setting nil removes the field.
    subscript(key: String) -> JSONValue? {
        get {
            guard case .object(let fields) = self else { return nil }
            return fields[key]
        }
        set {
            var fields: [String: JSONValue] = [:]
            if case .object(let mine) = self { fields = mine }
            fields[key] = newValue
            self = .object(fields)
        }
    }

    /// The same along a path: `object["metadata", "name"]`. Setting makes the objects on the way.
    subscript(path: String...) -> JSONValue? {
        get { self[path[...]] }
        set { self[path[...]] = newValue }
    }

    private subscript(path: ArraySlice<String>) -> JSONValue? {
        get { path.reduce(Optional(self)) { $0?[$1] } }
        set {
            guard let key = path.first else { return }
            guard path.count > 1 else { return self[key] = newValue }
            var child = self[key] ?? .object([:])
            child[path.dropFirst()] = newValue
            self[key] = child
        }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
    /// An object of strings, as labels and annotations are.
    var strings: [String: String] { object?.compactMapValues(\.string) ?? [:] }

    init(_ strings: [String: String]) { self = .object(strings.mapValues { .string($0) }) }
}

extension JSONValue: Codable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {  // which of the types it is, is what is asked
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let double = try? value.decode(Double.self) {
            self = .double(double)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
