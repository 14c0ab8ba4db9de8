import CLibYAML

/// Turns libyaml's events into nodes, without recursion and without libyaml's own document, and reports what YAML allows
/// and Descry refuses.
struct NodeBuilder {
    /// The root, or nil where nothing could be read; problems go to `document`.
    static func build(_ text: SourceText, limits: YAMLLimits, reportingTo document: Document) -> Node? {
        var builder = NodeBuilder(text: text, limits: limits, document: document)
        text.bytes.withUnsafeBufferPointer { bytes in
            builder.run(UnsafeBufferPointer(rebasing: bytes[text.start...]))
        }
        return builder.root
    }

    private var text: SourceText
    private let limits: YAMLLimits
    private let document: Document
    private var open: [Collection] = []
    private var nodes = 0
    private var documents = 0
    private var root: Node?

    /// A collection whose end has not been seen.
    private struct Collection {
        let isMapping: Bool
        let isFlow: Bool
        let start: Position
        var items: [Node] = []
        var entries: [Entry] = []
        var key: Node?
    }

    private init(text: SourceText, limits: YAMLLimits, document: Document) {
        self.text = text
        self.limits = limits
        self.document = document
    }

    private mutating func run(_ bytes: UnsafeBufferPointer<UInt8>) {
        let reader = YAMLEventReader(bytes)
        do throws(YAMLSyntaxError) {
            while true {
                let (event, start, end) = try reader.next()
                if case .streamEnd = event { break }
                guard take(event, text.position(start), text.position(end)) else { return }
            }
        } catch {
            root = nil
            var problem = SyntaxProblem(error, text: text)
            problem.report(to: document)
            return
        }
        if documents == 0 {
            let blank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
            document.error(
                "empty-file", blank ? "the file is empty" : "the file holds only comments")
        }
    }

    /// False where reading on would be of no use.
    private mutating func take(_ event: YAMLEvent, _ start: Position, _ end: Position) -> Bool {
        switch event {
        case .documentStart(let hasTagDirective):
            documents += 1
            if documents > 1 {
                document.error(
                    "several-documents", at: start, "the file holds more than one YAML document",
                    hint: "Keep one document, and put the others into files of their own")
                return false
            }
            if hasTagDirective {
                document.error("yaml-directive", at: start, "%TAG directives are not allowed", hint: "Remove it")
            }
        case .scalar(let scalar, let properties):
            refuse(properties, at: start)
            return add(Node(content: .scalar(scalar), start: start, end: end))
        case .alias(let name):
            document.error(
                "yaml-alias", at: start, "aliases such as \(TerminalText.quoted("*" + name)) are not allowed",
                hint: "Write the value out")
            let placeholder = Scalar(text: "", isPlain: true)
            return add(Node(content: .scalar(placeholder), start: start, end: end, isRefused: true))
        case .collectionStart(let isMapping, let isFlow, let properties):
            refuse(properties, at: start)
            guard open.count < limits.maxDepth else {
                document.error(
                    "too-deep", at: start, "more than \(limits.maxDepth) levels are nested in one another",
                    hint: "No file that Descry reads needs that many")
                root = nil
                return false
            }
            open.append(Collection(isMapping: isMapping, isFlow: isFlow, start: start))
        case .collectionEnd: return close(end)
        case .documentEnd, .streamEnd, .other: break
        }
        return true
    }

    private mutating func close(_ end: Position) -> Bool {
        guard let collection = open.popLast() else { return false }
        // libyaml ends a block collection where the next token begins, lines later.
        let lastChild = collection.isMapping ? collection.entries.last?.value.end : collection.items.last?.end
        let content: Node.Content =
            collection.isMapping ? .mapping(collection.entries) : .sequence(collection.items)
        if collection.isMapping { DuplicateKeys.report(collection.entries, to: document) }
        return add(
            Node(
                content: content, start: collection.start,
                end: collection.isFlow ? end : lastChild ?? collection.start))
    }

    private mutating func add(_ node: Node) -> Bool {
        nodes += 1
        guard nodes <= limits.maxNodes else {
            document.error(
                "too-many-nodes", at: node, "the file holds more than \(limits.maxNodes) values",
                hint: "Check that this is the right file")
            root = nil
            return false
        }
        guard let last = open.indices.last else {
            root = node
            return true
        }
        if !open[last].isMapping {
            open[last].items.append(node)
        } else if let key = open[last].key {
            open[last].key = nil
            open[last].entries.append(Entry(key: key, value: node))
        } else {
            check(key: node)
            open[last].key = node
        }
        return true
    }

    private func check(key: Node) {
        guard let scalar = key.scalar else {
            document.error(
                "complex-key", at: key, "a key must be a single word, not a list or a mapping",
                hint: "Quote a value that begins with { or [")
            return
        }
        if scalar.isPlain, scalar.text == "<<" {
            document.error(
                "yaml-merge-key", at: key, "merge keys (<<) are not allowed", hint: "Write the fields out")
        }
    }

    private func refuse(_ properties: YAMLEvent.Properties, at position: Position) {
        if let anchor = properties.anchor {
            document.error(
                "yaml-anchor", at: position, "anchors such as \(TerminalText.quoted("&" + anchor)) are not allowed",
                hint: "Remove it, and write the value out where it is used")
        }
        if let tag = properties.tag {
            document.error(
                "yaml-tag", at: position, "tags such as \(TerminalText.quoted(tag)) are not allowed",
                hint: "Remove it, and quote the value if it is text")
        }
    }
}
