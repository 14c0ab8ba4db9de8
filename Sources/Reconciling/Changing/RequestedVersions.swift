import Descriptors
import Documents

/// Which apps are to get which versions: from arguments `APP=VERSION`, from lines of a file, or from JSON.
public struct RequestedVersions: Sendable, Hashable {
    /// App → version.
    public private(set) var versions: [String: AppVersion] = [:]

    /// Names nothing yet.
    public init() {}

    /// Adds `APP=VERSION` arguments.
    ///
    /// - Throws: every problem of the arguments, each with the argument in a file's place.
    public mutating func add(arguments: [String]) throws(Refused) {
        var problems: [Diagnostic] = []
        for argument in arguments {
            add(argument[...], file: argument, position: nil, problems: &problems)
        }
        if !problems.isEmpty { throw Refused(problems) }
    }

    /// Adds what a file says: a line `APP=VERSION` for each app, with blank lines and `#` comments between them; or JSON, an
    /// object `{"APP": "VERSION"}` or a list `[{"name": "APP", "version": "VERSION"}]`.
    ///
    /// - Parameter file: its name, for messages.
    /// - Throws: every problem of the file, with its place; `no-versions` where it names none.
    public mutating func add(_ bytes: [UInt8], file: String) throws(Refused) {
        let before = versions.count
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            try add(json: Document(bytes, file: file))
        } else {
            try add(lines: bytes, file: file)
        }
        guard versions.count > before else {
            throw Refused([
                Diagnostic(
                    code: "no-versions", message: "the file names no version",
                    hint: "Write a line APP=VERSION for each app, or JSON", file: file)
            ])
        }
    }

    private mutating func add(lines bytes: [UInt8], file: String) throws(Refused) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Refused([Diagnostic(code: "not-utf-8", message: "the file is not UTF-8", hint: nil, file: file)])
        }
        var problems: [Diagnostic] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let offset = text.utf8.distance(from: text.startIndex, to: line.startIndex)
            let assignment = line.trimmed
            if !assignment.isEmpty, !assignment.hasPrefix("#") {
                add(
                    assignment, file: file, position: Position(line: index + 1, column: 1, offset: offset),
                    problems: &problems)
            }
        }
        if !problems.isEmpty { throw Refused(problems) }
    }

    private mutating func add(json document: Document) throws(Refused) {
        var found: [(name: String, version: Node, text: String)] = []
        if let items = document.root?.items {
            for item in items {
                guard let fields = Fields(item, of: "an app", known: ["name", "version"], in: document),
                    let name = fields.required("name").flatMap({ document.string($0, field: "name") }),
                    let node = fields.required("version"), let text = document.string(node, field: "version")
                else { continue }
                found.append((name, node, text))
            }
        } else if let root = document.root, let fields = Fields(root, of: "the file", in: document) {
            for name in fields.names {
                guard let node = fields[name], let text = document.string(node, field: name) else { continue }
                found.append((name, node, text))
            }
        }
        for (name, node, text) in found {
            do throws(AppVersionError) {
                if let problem = take(name, try AppVersion(text)) {
                    document.error("contradiction", at: node, problem, hint: "Name each app once")
                }
            } catch {
                document.error(error.code, at: node, error.message, hint: error.hint)
            }
        }
        try document.finish()
    }

    private mutating func add(
        _ assignment: Substring, file: String, position: Position?, problems: inout [Diagnostic]
    ) {
        func problem(_ code: String, _ message: String, _ hint: String?) {
            problems.append(Diagnostic(code: code, message: message, hint: hint, file: file, position: position))
        }
        let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].trimmed.isEmpty else {
            return problem(
                "invalid-assignment", "\(TerminalText.quoted(String(assignment))) is not APP=VERSION",
                "Write it as backend=1.1.0-rc-020c8bb")
        }
        do throws(AppVersionError) {
            let version = try AppVersion(String(parts[1].trimmed))
            if let contradiction = take(String(parts[0].trimmed), version) {
                problem("contradiction", contradiction, "Name each app once")
            }
        } catch {
            problem(error.code, error.message, error.hint)
        }
    }

    /// - Returns: what is wrong, where the app was given another version before.
    private mutating func take(_ name: String, _ version: AppVersion) -> String? {
        if let known = versions[name], known != version {
            return "\(TerminalText.quoted(name)) is to be both \(known) and \(version)"
        }
        versions[name] = version
        return nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let front = drop(while: \.isWhitespace)
        return front[..<(front.lastIndex { !$0.isWhitespace }.map(front.index(after:)) ?? front.startIndex)]
    }
}
