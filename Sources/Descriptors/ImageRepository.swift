import Documents

/// Where an image lies, without its tag: `[HOST[:PORT]/]PATH`, such as `nexus.example.com:32554/shop/backend`.
///
/// Source of the rule: the grammar of `distribution/reference`. The first component is a host where it holds a dot, a
/// colon or an upper-case letter, or is `localhost`, as the container runtimes decide it.
public struct ImageRepository: Sendable, Hashable, CustomStringConvertible {
    /// `HOST[:PORT]`, where the text has one.
    public let host: String?
    /// What follows the host. Empty only where ``init(registry:)`` was given a host alone.
    public let path: String

    /// Reads the place of one image.
    public init(_ text: String) throws(ImageRepositoryError) {
        try self.init(text, isRegistry: false)
        guard !path.isEmpty else { throw ImageRepositoryError("\(quoted(text)) is a host without a path") }
    }

    /// Reads the place of many images: a host, and maybe a path under it.
    public init(registry text: String) throws(ImageRepositoryError) {
        try self.init(text, isRegistry: true)
    }

    public var description: String {
        guard let host else { return path }
        return path.isEmpty ? host : "\(host)/\(path)"
    }

    private init(_ text: String, isRegistry: Bool) throws(ImageRepositoryError) {
        try Self.checkWhole(text)
        let components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !components.contains(where: \.isEmpty) else {
            throw ImageRepositoryError("\(quoted(text)) has an empty part", hint: "Remove the slash that is too many")
        }
        let hasHost = isRegistry || components.count > 1 && Self.looksLikeHost(components[0])
        for component in components.dropFirst(hasHost ? 1 : 0) where !Self.isPathComponent(component) {
            throw .component(Substring(component), text)
        }
        if hasHost { try Self.check(host: Substring(components[0]), of: text) }
        host = hasHost ? String(Substring(components[0])) : nil
        path = hasHost ? String(text.dropFirst(components[0].count + (components.count > 1 ? 1 : 0))) : text
    }

    private static func checkWhole(_ text: String) throws(ImageRepositoryError) {
        let bytes = text.utf8
        guard !bytes.isEmpty else { throw ImageRepositoryError("the image's place is empty") }
        guard bytes.count <= 255 else {
            throw ImageRepositoryError("the image's place has \(bytes.count) bytes, and at most 255 are allowed")
        }
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) {
            throw ImageRepositoryError(
                "\(quoted(text)) has a scheme", hint: "Remove everything up to and including ://")
        }
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) ?? bytes.firstIndex(of: UInt8(ascii: "@")) else {
            return
        }
        if bytes.contains(UInt8(ascii: "@")) {
            throw ImageRepositoryError(
                "\(quoted(text)) has a digest or a user", hint: "Remove the @ and what belongs to it")
        }
        let slash = UInt8(ascii: "/")
        if bytes[..<colon].contains(slash), !bytes[colon...].contains(slash) {
            throw ImageRepositoryError(
                "\(quoted(text)) has a tag",
                hint: "Remove \(quoted(String(text[colon...]))): the tag is the app's version")
        }
    }

    private static func looksLikeHost(_ component: Substring.UTF8View) -> Bool {
        component.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || ($0 >= 0x41 && $0 <= 0x5A) }
            || component.elementsEqual("localhost".utf8)
    }

    /// `[a-z0-9]+`, joined by one dot, one or two underscores, or any number of dashes.
    private static func isPathComponent(_ component: Substring.UTF8View) -> Bool {
        var separator = component[component.startIndex..<component.startIndex]
        var hasName = false
        var index = component.startIndex
        while index < component.endIndex {
            let byte = component[index]
            let next = component.index(after: index)
            if (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39) {
                guard separator.isEmpty || hasName && isSeparator(separator) else { return false }
                hasName = true
                separator = component[next..<next]
            } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") {
                separator = component[separator.startIndex..<next]
            } else {
                return false
            }
            index = next
        }
        return hasName && separator.isEmpty
    }

    private static func isSeparator(_ text: Substring.UTF8View) -> Bool {
        text.allSatisfy { $0 == UInt8(ascii: "-") } || text.elementsEqual(".".utf8) || text.elementsEqual("_".utf8)
            || text.elementsEqual("__".utf8)
    }

    /// A DNS name, an IPv4 address, or an IPv6 address in brackets, and maybe a port.
    private static func check(host text: Substring, of whole: String) throws(ImageRepositoryError) {
        var name = text
        if let bracket = text.lastIndex(of: "]"), text.first == "[" {
            let address = text[text.index(after: text.startIndex)..<bracket]
            name = text[text.index(after: bracket)...]
            guard !address.isEmpty, address.utf8.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") }),
                name.isEmpty || name.first == ":"
            else { throw .host(text, whole) }
            name = "ipv6" + name
        }
        if let colon = name.firstIndex(of: ":") {
            let port = name[name.index(after: colon)...]
            guard let number = Int(port), (1...65_535).contains(number), port.allSatisfy({ $0.isASCII && $0.isNumber })
            else { throw ImageRepositoryError("\(quoted(String(port))) is not a port", hint: "Write HOST:PORT") }
            name = name[..<colon]
        }
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard let first = label.utf8.first, let last = label.utf8.last, isAlphanumeric(first), isAlphanumeric(last),
                label.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
            else { throw .host(text, whole) }
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) && byte | 0x20 <= UInt8(ascii: "f")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }
}

/// Why a text is not an ``ImageRepository``.
public struct ImageRepositoryError: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String
    public let hint: String

    public var description: String { "\(message). \(hint)." }

    fileprivate init(
        _ message: String, hint: String = "Write it as HOST[:PORT]/PATH in lower case, without scheme, tag and digest"
    ) {
        (self.message, self.hint) = (message, hint)
    }

    fileprivate static func component(_ component: Substring, _ text: String) -> ImageRepositoryError {
        ImageRepositoryError(
            component == text
                ? "\(quoted(text)) is not the path of an image"
                : "\(quoted(String(component))) in \(quoted(text)) is not part of the path of an image",
            hint: "Each part has lower-case letters and digits, separated by a dot, one or two underscores, or dashes")
    }

    fileprivate static func host(_ host: Substring, _ text: String) -> ImageRepositoryError {
        ImageRepositoryError("\(quoted(String(host))) in \(quoted(text)) is not a host")
    }
}

private func quoted(_ text: String) -> String { TerminalText.quoted(text) }
