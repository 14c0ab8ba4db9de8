/// The entries of one mapping, read by name. Every reader reports what it refuses to the document and returns nil, so a
/// decoder reads all fields first and then looks at what it got.
public struct Fields {
    public let document: Document
    public let node: Node
    /// What the mapping is, with its article, for messages: `an app`.
    public let what: String
    private let entries: [Entry]

    /// Nil (and reported as `wrong-type`) where `node` is not a mapping.
    ///
    /// With `known`, every other field is reported as `unknown-field` with the nearest known name; without, unknown fields
    /// are passed over, as readers of Kubernetes' own files do.
    /// - Parameter reportedElsewhere: names that are not known either, and that the caller says something better about.
    public init?(
        _ node: Node, of what: String, known: [String]? = nil, reportedElsewhere: [String] = [], in document: Document
    ) {
        guard !node.isRefused else { return nil }
        guard let entries = node.entries else {
            document.error(
                "wrong-type", at: node, "\(what) must be a mapping, not \(node.phrase)",
                hint: "Write it as `field: value` lines")
            return nil
        }
        self.document = document
        self.node = node
        self.what = what
        self.entries = entries
        if let known { reportUnknown(known, except: reportedElsewhere) }
    }

    /// The names of all fields, in the order of the file.
    public var names: [String] { entries.compactMap { $0.key.scalar?.text } }

    /// The key of a field, to report something at its place.
    public func key(_ name: String) -> Node? { entry(name)?.key }

    /// The value of a field, whatever it is. Nil where it is absent or already refused.
    public subscript(name: String) -> Node? {
        guard let value = entry(name)?.value, !value.isRefused else { return nil }
        return value
    }

    /// True where the field is present, however wrong its value is.
    public func has(_ name: String) -> Bool { entry(name) != nil }

    /// Reports `missing-field` where the field is absent. Nil where it is, or is refused already.
    public func required(_ name: String, hint: String? = nil) -> Node? {
        if !has(name) {
            document.error("missing-field", at: node, "\(what) has no \(TerminalText.quoted(name))", hint: hint)
        }
        return self[name]
    }

    /// The text of a field that must be a string.
    public func string(_ name: String) -> String? {
        self[name].flatMap { document.string($0, field: name) }
    }

    /// The value of a field that must be `true` or `false`.
    public func bool(_ name: String) -> Bool? {
        self[name].flatMap { document.bool($0, field: name) }
    }

    /// The elements of a field that must be a list.
    public func items(_ name: String) -> [Node]? {
        self[name].flatMap { document.items($0, field: name) }
    }

    /// The entries of a field that must be a mapping; its fields are `known`.
    public func fields(_ name: String, known: [String]? = nil) -> Fields? {
        self[name].flatMap { Fields($0, of: "\"\(name)\"", known: known, in: document) }
    }

    private func entry(_ name: String) -> Entry? {
        entries.first { $0.key.scalar?.text == name }
    }

    private func reportUnknown(_ known: [String], except reported: [String]) {
        for entry in entries {
            guard let key = entry.key.scalar, !entry.key.isRefused, !known.contains(key.text) else { continue }
            if key.isPlain && key.text == "<<" || reported.contains(key.text) { continue }
            let nearest = NearestName.of(key.text, among: known)
            document.error(
                "unknown-field", at: entry.key, "\(what) has no field \(TerminalText.quoted(key.text))",
                hint: nearest.map { "Did you mean \"\($0)\"?" } ?? "Its fields are \(known.joined(separator: ", "))")
        }
    }
}

extension Document {
    /// The text of a node that must be a string. What YAML would read as a number, a boolean, a date or null must be
    /// quoted (`wrong-type`), since other readers of the same file would not see the text.
    public func string(_ node: Node, field: String) -> String? {
        guard !node.isRefused else { return nil }
        guard let scalar = node.scalar else {
            error("wrong-type", at: node, "\(TerminalText.quoted(field)) must be a string, not \(node.phrase)")
            return nil
        }
        switch scalar.type {
        case .string: return scalar.text
        case .null:
            error(
                "wrong-type", at: node, "\(TerminalText.quoted(field)) has no value",
                hint: "Give it one, or remove the field")
        case let type:
            error(
                "wrong-type", at: node,
                "\(TerminalText.quoted(field)) must be a string, and YAML reads \(TerminalText.quoted(scalar.text)) as \(type.phrase)",
                hint: "Put it in quotes")
        }
        return nil
    }

    /// The value of a node that must be a boolean. Only `true` and `false` count, as in YAML 1.2 and JSON.
    public func bool(_ node: Node, field: String) -> Bool? {
        guard !node.isRefused else { return nil }
        if let scalar = node.scalar, scalar.isPlain {
            if ["true", "True", "TRUE"].contains(scalar.text) { return true }
            if ["false", "False", "FALSE"].contains(scalar.text) { return false }
        }
        error("wrong-type", at: node, "\(TerminalText.quoted(field)) must be true or false")
        return nil
    }

    /// The elements of a node that must be a list.
    public func items(_ node: Node, field: String) -> [Node]? {
        guard !node.isRefused else { return nil }
        if let items = node.items { return items }
        error("wrong-type", at: node, "\(TerminalText.quoted(field)) must be a list, not \(node.phrase)")
        return nil
    }
}

extension Node {
    /// What the node is, with its article, for messages.
    public var phrase: String {
        switch content {
        case .scalar(let scalar): scalar.type.phrase
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
