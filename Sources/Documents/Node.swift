/// One value of a YAML or JSON file, with the place it was read from.
public struct Node: Sendable {
    public enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    public let content: Content
    /// The first byte: for a quoted scalar the quote, for a flow collection its bracket.
    public let start: Position
    /// The byte after the last one: after the closing quote or bracket; for a block collection, where its last child ends.
    public let end: Position
    /// True where the file holds something that was refused and cannot be read further (an alias). A decoder passes it
    /// over silently, since a diagnostic has been given already.
    public let isRefused: Bool

    public init(content: Content, start: Position, end: Position, isRefused: Bool = false) {
        self.content = content
        self.start = start
        self.end = end
        self.isRefused = isRefused
    }

    /// The scalar, where the node is one.
    public var scalar: Scalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The elements, where the node is a sequence.
    public var items: [Node]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    /// The entries in the order of the file, where the node is a mapping.
    public var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value of the entry whose key is the string `key`, where the node is a mapping that has one.
    public subscript(key: String) -> Node? {
        entries?.first { $0.key.scalar?.text == key }?.value
    }
}

/// One key of a mapping with its value.
public struct Entry: Sendable {
    public let key: Node
    public let value: Node

    public init(key: Node, value: Node) {
        self.key = key
        self.value = value
    }
}

/// A single value: text, and whether YAML would read it as something else than text.
public struct Scalar: Sendable, Hashable {
    /// What the file says, with quotes and escapes resolved.
    public let text: String
    /// True where the text stands in the file without quotes, so that YAML may resolve it to null, a boolean, a number …
    public let isPlain: Bool

    public init(text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }
}
