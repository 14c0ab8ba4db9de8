import CLibYAML

/// One event of libyaml's parser, in Swift's terms. Marks are libyaml's: 0-based, `index` in Unicode scalars.
enum YAMLEvent {
    case documentStart(hasTagDirective: Bool)
    case documentEnd
    case alias(String)
    case scalar(Scalar, Properties)
    case collectionStart(isMapping: Bool, isFlow: Bool, Properties)
    case collectionEnd
    case streamEnd
    /// A start of the stream, which means nothing here.
    case other

    /// What YAML lets stand before a node, and Descry refuses.
    struct Properties {
        let anchor: String?
        let tag: String?
    }
}

/// What libyaml says of malformed input.
struct YAMLSyntaxError: Error {
    let problem: String
    let problemMark: yaml_mark_t
    let context: String?
    let contextMark: yaml_mark_t
}

/// The owner of one libyaml parser. libyaml's own limits hold beneath it: it reads lazily, and looks ahead for at most 1024
/// characters, so whoever stops asking for events also stops its work.
struct YAMLEventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// `bytes` must stay in place until the reader is gone.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        // Fails only where memory is exhausted, as does Swift's own allocation on the line above.
        precondition(yaml_parser_initialize(parser) == 1, "out of memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event with the marks of its beginning and end.
    func next() throws(YAMLSyntaxError) -> (event: YAMLEvent, start: yaml_mark_t, end: yaml_mark_t) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        return (Self.translate(event), event.start_mark, event.end_mark)
    }

    private static func translate(_ event: yaml_event_t) -> YAMLEvent {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
            return .scalar(
                Scalar(text: text, isPlain: data.style == YAML_PLAIN_SCALAR_STYLE), properties(data.anchor, data.tag))
        case YAML_MAPPING_START_EVENT:
            let data = event.data.mapping_start
            return .collectionStart(
                isMapping: true, isFlow: data.style == YAML_FLOW_MAPPING_STYLE, properties(data.anchor, data.tag))
        case YAML_SEQUENCE_START_EVENT:
            let data = event.data.sequence_start
            return .collectionStart(
                isMapping: false, isFlow: data.style == YAML_FLOW_SEQUENCE_STYLE, properties(data.anchor, data.tag))
        case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT: return .collectionEnd
        case YAML_ALIAS_EVENT: return .alias(String(cString: event.data.alias.anchor))
        case YAML_DOCUMENT_START_EVENT:
            let directives = event.data.document_start.tag_directives
            return .documentStart(hasTagDirective: directives.start != directives.end)
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_STREAM_END_EVENT: return .streamEnd
        default: return .other
        }
    }

    private static func properties(
        _ anchor: UnsafeMutablePointer<yaml_char_t>?, _ tag: UnsafeMutablePointer<yaml_char_t>?
    ) -> YAMLEvent.Properties {
        YAMLEvent.Properties(anchor: anchor.map { String(cString: $0) }, tag: tag.map { String(cString: $0) })
    }

    private func syntaxError() -> YAMLSyntaxError {
        let state = parser.pointee
        return YAMLSyntaxError(
            problem: state.problem.map(String.init(cString:))
                ?? "libyaml gave no reason (error \(state.error.rawValue))",
            problemMark: state.problem_mark, context: state.context.map(String.init(cString:)),
            contextMark: state.context_mark)
    }
}
