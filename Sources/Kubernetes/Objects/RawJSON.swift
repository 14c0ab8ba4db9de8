/// JSON that is passed on whole: a part of an object that Descry neither knows nor changes.
enum RawJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([RawJSON])
    case object([String: RawJSON])

    /// A field of an object; nil where there is none, or this is no object. Setting a field of something else makes it an
    /// object; setting nil removes the field.
    subscript(key: String) -> RawJSON? {
        get { if case .object(let fields) = self { fields[key] } else { nil } }
        set {
            var fields: [String: RawJSON] = [:]
            if case .object(let mine) = self { fields = mine }
            fields[key] = newValue
            self = .object(fields)
        }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// An object of strings, as labels and annotations are.
    var strings: [String: String] {
        if case .object(let fields) = self { fields.compactMapValues(\.string) } else { [:] }
    }

    init(_ strings: [String: String]) { self = .object(strings.mapValues { .string($0) }) }
}

extension RawJSON: Codable {
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
        } else if let array = try? value.decode([RawJSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: RawJSON].self))
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
