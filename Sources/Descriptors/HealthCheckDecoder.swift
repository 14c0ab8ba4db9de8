import Documents

/// Reads the `health` of an app.
struct HealthCheckDecoder {
    static let fieldNames = ["path", "port", "expect", "for"]
    /// The longest that a pass stays with one app's health.
    static let longest = Duration.seconds(24 * 3600)
    static let longestText = 1024

    let document: Document

    /// Nil where it cannot be read in full; why has been reported.
    func check(_ node: Node) -> HealthCheck? {
        guard let fields = Fields(node, of: "\"health\"", known: Self.fieldNames, in: document) else { return nil }
        let path = fields.required("path", hint: "Add the path to ask, such as /health").flatMap(path)
        let port = fields["port"].flatMap(port)
        let expect = fields["expect"].flatMap(expect)
        let duration = fields["for"].flatMap(duration)
        return path.map { HealthCheck(path: $0, port: port, expect: expect, for: duration ?? .zero) }
    }

    private func path(_ node: Node) -> String? {
        guard let text = document.string(node, field: "path") else { return nil }
        guard let problem = HealthPath.problem(with: text) else { return text }
        document.error("invalid-path", at: node, problem.message, hint: problem.hint)
        return nil
    }

    private func port(_ node: Node) -> Int? {
        guard let scalar = node.scalar, [.integer, .float].contains(scalar.type) else {
            document.error("wrong-type", at: node, "\"port\" must be a number, not \(node.phrase)")
            return nil
        }
        // Only decimal digits: what 0x50, 0120 or 1_0 mean depends on the reader.
        if let number = Int(scalar.text), String(number) == scalar.text, (1...65535).contains(number) { return number }
        document.error(
            "invalid-port", at: node, "\(TerminalText.quoted(scalar.text)) is not a port",
            hint: "Ports are 1 to 65535")
        return nil
    }

    private func expect(_ node: Node) -> String? {
        guard let text = document.string(node, field: "expect") else { return nil }
        if (1...Self.longestText).contains(text.unicodeScalars.count) { return text }
        document.error(
            "invalid-expect", at: node,
            text.isEmpty ? "every answer contains an empty text" : "this text is too long to be looked for",
            hint: text.isEmpty ? "Remove the field" : "At most \(Self.longestText) characters are")
        return nil
    }

    private func duration(_ node: Node) -> Duration? {
        guard let duration = document.duration(node, field: "for") else { return nil }
        if duration <= Self.longest { return duration }
        document.error(
            DurationTextError.code, at: node, "an app's health is watched for at most 24h",
            hint: "Leave longer watching to monitoring")
        return nil
    }
}

/// What may be asked of a pod: an absolute path, with or without a query (RFC 3986, sections 3.3 and 3.4).
enum HealthPath {
    private static let longest = 1024

    /// Nil where the text is one.
    static func problem(with text: String) -> (message: String, hint: String)? {
        guard text.hasPrefix("/") else {
            return ("\(TerminalText.quoted(text)) does not begin with \"/\"", "Write the path alone, such as /health")
        }
        guard text.utf8.count <= longest else {
            return ("this path is too long", "At most \(longest) characters are sent")
        }
        if text.contains("#") {
            return ("a path that is asked for has no fragment", "Remove what begins with \"#\"")
        }
        guard text.utf8.allSatisfy(isAllowed), hasWholeEscapes(text) else {
            return (
                "\(TerminalText.quoted(text)) has characters that a path cannot have",
                "Write them as %XX, the hex digits of each byte"
            )
        }
        // The API server reads escapes before it passes the path on.
        let segments = unescaped(text.prefix { $0 != "?" }).split(separator: UInt8(ascii: "/"))
        guard !segments.contains(where: { [".", ".."].contains(String(decoding: $0, as: UTF8.self)) }) else {
            return ("\(TerminalText.quoted(text)) goes through \".\" or \"..\"", "Write the path that is meant")
        }
        return nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~!$&'()*+,;=:@/?%".utf8.contains(byte)
        }
    }

    private static func hasWholeEscapes(_ text: String) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst()
            .allSatisfy {
                $0.prefix(2).count == 2 && $0.prefix(2).allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
            }
    }

    private static func unescaped(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"),
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
