import Documents

/// As much of JSON Schema (draft 2020-12) as Descry's schemas use. A keyword that it does not know is an error, so that a
/// rule can never be passed over unseen.
public struct JSONSchema {
    private let root: [String: JSONValue]

    /// Reads a schema file, and checks that every keyword in it is known.
    public init(file path: String) throws {
        let file = try ExampleFile.at(path)
        guard case .object(let root) = JSONValue(try YAML.parse(file.bytes, file: file.name)) else {
            throw ExampleError(description: "\(path) is not an object")
        }
        try self.init(root)
    }

    public init(_ root: [String: JSONValue]) throws {
        self.root = root
        try checkKeywords(.object(root))
    }

    /// Everything in the schema that speaks of what is in `value` and does not hold, as `path: rule`.
    public func violations(of value: JSONValue) throws -> [String] {
        try violations(of: value, against: .object(root), at: "")
    }

    /// The description of a property of the top level, and of a property of one of its objects by `section.name`.
    public var propertyNames: Set<String> {
        var names: Set<String> = []
        guard case .object(let properties) = root["properties"] else { return names }
        for (name, schema) in properties {
            names.insert(name)
            guard case .object(let inner) = schema, case .object(let nested) = inner["properties"] else { continue }
            for name2 in nested.keys { names.insert("\(name).\(name2)") }
        }
        return names
    }

    private static let annotations: Set<String> = [
        "$schema", "$id", "title", "description", "default", "examples", "$defs",
    ]
    private static let assertions: Set<String> = [
        "$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems",
        "minimum", "maximum", "uniqueItems", "pattern", "minLength", "maxLength", "oneOf", "anyOf", "not",
    ]

    private func checkKeywords(_ schema: JSONValue) throws {
        if case .bool = schema { return }
        guard case .object(let keywords) = schema else { throw ExampleError(description: "not a schema: \(schema)") }
        for (keyword, value) in keywords {
            guard Self.annotations.contains(keyword) || Self.assertions.contains(keyword) else {
                throw ExampleError(description: "the evaluator does not know the keyword \(keyword)")
            }
            switch (keyword, value) {
            case ("properties", .object(let inner)), ("$defs", .object(let inner)):
                for schema in inner.values { try checkKeywords(schema) }
            case ("oneOf", .array(let inner)), ("anyOf", .array(let inner)):
                for schema in inner { try checkKeywords(schema) }
            case ("items", _), ("not", _), ("additionalProperties", _): try checkKeywords(value)
            default: break
            }
        }
    }

    private func violations(of value: JSONValue, against schema: JSONValue, at path: String) throws -> [String] {
        if case .bool(let allowed) = schema { return allowed ? [] : ["\(path): not allowed"] }
        guard case .object(let keywords) = schema else { throw ExampleError(description: "not a schema: \(schema)") }
        var found: [String] = []
        for keyword in keywords.keys.sorted() where Self.assertions.contains(keyword) {
            guard let rule = keywords[keyword] else { continue }
            switch keyword {
            case "properties", "required", "additionalProperties":
                found += try objectViolations(of: value, keyword, rule, keywords, at: path)
            case "oneOf", "anyOf", "not", "$ref": found += try combined(value, keyword, rule, at: path)
            case "items":
                guard case .array(let items) = value else { continue }
                for (index, item) in items.enumerated() {
                    found += try violations(of: item, against: rule, at: "\(path)[\(index)]")
                }
            default: if try !holds(value, keyword, rule) { found.append("\(path): \(keyword)") }
            }
        }
        return found
    }

    private func objectViolations(
        of value: JSONValue, _ keyword: String, _ rule: JSONValue, _ keywords: [String: JSONValue], at path: String
    ) throws -> [String] {
        guard case .object(let object) = value else { return [] }
        switch (keyword, rule) {
        case ("required", .array(let names)):
            return names.compactMap { name in
                guard case .string(let name) = name, object[name] == nil else { return nil }
                return "\(path).\(name): required"
            }
        case ("properties", .object(let properties)):
            return try properties.sorted { $0.key < $1.key }.flatMap { name, schema in
                try object[name].map { try violations(of: $0, against: schema, at: "\(path).\(name)") } ?? []
            }
        case ("additionalProperties", _):
            var known: Set<String> = []
            if case .object(let properties) = keywords["properties"] { known = Set(properties.keys) }
            return try object.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }.flatMap { name, value in
                try violations(of: value, against: rule, at: "\(path).\(name)")
            }
        default: throw ExampleError(description: "\(keyword) has a value of the wrong type")
        }
    }

    private func combined(_ value: JSONValue, _ keyword: String, _ rule: JSONValue, at path: String) throws -> [String]
    {
        switch (keyword, rule) {
        case ("$ref", .string(let reference)):
            guard reference.hasPrefix("#/$defs/"), case .object(let definitions) = root["$defs"],
                let target = definitions[String(reference.dropFirst(8))]
            else { throw ExampleError(description: "unknown reference \(reference)") }
            return try violations(of: value, against: target, at: path)
        case ("not", _): return try violations(of: value, against: rule, at: path).isEmpty ? ["\(path): not"] : []
        case ("oneOf", .array(let choices)), ("anyOf", .array(let choices)):
            let holding = try choices.count { try violations(of: value, against: $0, at: path).isEmpty }
            return (keyword == "oneOf" ? holding == 1 : holding > 0) ? [] : ["\(path): \(keyword)"]
        default: throw ExampleError(description: "\(keyword) has a value of the wrong type")
        }
    }

    /// The keywords that look at one value alone.
    private func holds(_ value: JSONValue, _ keyword: String, _ rule: JSONValue) throws -> Bool {
        switch (keyword, rule, value) {
        case ("type", .string("integer"), .number(let text)): return Int(text) != nil
        case ("type", .string(let name), _): return name == value.typeName
        case ("minimum", .number(let limit), .number(let text)):
            return (Double(text) ?? .nan) >= (Double(limit) ?? .nan)
        case ("maximum", .number(let limit), .number(let text)):
            return (Double(text) ?? .nan) <= (Double(limit) ?? .nan)
        case ("enum", .array(let choices), _): return choices.contains(value)
        case ("const", _, _): return value == rule
        case ("pattern", .string(let pattern), .string(let text)):
            // JSON Schema's patterns are ECMAScript's: not anchored, over code points.
            return try Regex(pattern).matchingSemantics(.unicodeScalar).firstMatch(in: text) != nil
        case ("minLength", .number(let limit), .string(let text)):
            return text.unicodeScalars.count >= Int(limit) ?? .max
        case ("maxLength", .number(let limit), .string(let text)): return text.unicodeScalars.count <= Int(limit) ?? -1
        case ("minItems", .number(let limit), .array(let items)): return items.count >= Int(limit) ?? .max
        case ("uniqueItems", .bool(true), .array(let items)): return Set(items).count == items.count
        case ("pattern", .string, _), ("minLength", .number, _), ("maxLength", .number, _), ("minItems", .number, _),
            ("uniqueItems", .bool, _), ("minimum", .number, _), ("maximum", .number, _):
            return true
        default: throw ExampleError(description: "\(keyword) has a value of the wrong type")
        }
    }
}
