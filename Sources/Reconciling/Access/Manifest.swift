/// A Kubernetes manifest as a value, so that the same objects can be printed as YAML and as JSON.
public indirect enum Manifest: Sendable, Equatable, Encodable {
    case string(String)
    case list([Manifest])
    /// Keys keep their order in YAML; JSON sorts them.
    case map([Field])

    public struct Field: Sendable, Equatable {
        public let key: String
        public let value: Manifest

        init(_ key: String, _ value: Manifest) {
            self.key = key
            self.value = value
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .string(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .list(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .map(let fields):
            var container = encoder.container(keyedBy: Key.self)
            for field in fields { try container.encode(field.value, forKey: Key(stringValue: field.key)) }
        }
    }

    /// Block style, two spaces a level, lists of strings in flow style, as people write manifests.
    public func yaml(indentation: Int = 0) -> String {
        let margin = String(repeating: " ", count: indentation)
        switch self {
        case .string(let text): return margin + Self.scalar(text) + "\n"
        case .list(let items):
            return items.map { item in
                let body = item.yaml(indentation: indentation + 2)
                return margin + "- " + body.dropFirst(indentation + 2)
            }.joined()
        case .map(let fields):
            return fields.map { field in
                switch field.value {
                case .string(let text): "\(margin)\(Self.scalar(field.key)): \(Self.scalar(text))\n"
                case .list(let items) where items.allSatisfy(\.isString):
                    "\(margin)\(Self.scalar(field.key)): [\(items.map(\.flowScalar).joined(separator: ", "))]\n"
                case .list: "\(margin)\(Self.scalar(field.key)):\n" + field.value.yaml(indentation: indentation)
                case .map: "\(margin)\(Self.scalar(field.key)):\n" + field.value.yaml(indentation: indentation + 2)
                }
            }.joined()
        }
    }

    private var isString: Bool {
        if case .string = self { return true }
        return false
    }

    private var flowScalar: String {
        if case .string(let text) = self { return Self.scalar(text) }
        return yaml()
    }

    /// Quoted unless it is plainly a word: DNS names, paths and kinds, none of which YAML reads as anything else.
    private static func scalar(_ text: String) -> String {
        let isWord =
            text.first?.isLetter == true
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || "-./".unicodeScalars.contains($0)
            }
        let isReserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
        if isWord && !isReserved { return text }
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
