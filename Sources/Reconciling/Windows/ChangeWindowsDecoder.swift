import Documents

extension ChangeWindows {
    /// The most windows of one environment.
    static let maximumCount = 32

    /// Reads a list such as `[{allow: "Mon-Fri 08:00-17:00", timezone: Europe/Berlin}]`; without `timezone` the times are
    /// UTC.
    ///
    /// - Returns: nil where something is wrong, which has then been reported to the document.
    static func decode(_ node: Node, in document: Document, zones: ZoneDatabase) -> ChangeWindows? {
        guard let items = document.items(node, field: "windows") else { return nil }
        guard !items.isEmpty else {
            document.error(
                "empty-list", at: node, "windows names no window", hint: "Remove it: without it, none is closed")
            return nil
        }
        guard items.count <= maximumCount else {
            document.error(
                "too-many-windows", at: node, "there are \(items.count) windows, and at most \(maximumCount) are taken",
                hint: "Join those of the same time zone with commas: Mon-Fri 08:00-12:00,13:00-17:00")
            return nil
        }
        let windows = items.compactMap { window($0, document, zones) }
        return windows.count == items.count ? ChangeWindows(windows) : nil
    }

    private static func window(_ node: Node, _ document: Document, _ zones: ZoneDatabase) -> ChangeWindow? {
        guard let fields = Fields(node, of: "a window", known: ["allow", "deny", "timezone"], in: document) else {
            return nil
        }
        let rules = rules(fields, zones)
        let effects = ChangeWindow.Effect.allCases.filter { fields.has($0.rawValue) }
        guard let effect = effects.first, effects.count == 1 else {
            document.error(
                "invalid-window", at: node,
                effects.isEmpty ? "a window has neither allow nor deny" : "a window has both allow and deny",
                hint: "Give it one of them, such as allow: Mon-Fri 08:00-17:00")
            return nil
        }
        guard let value = fields[effect.rawValue], let text = document.string(value, field: effect.rawValue) else {
            return nil
        }
        do throws(WindowText.Problem) {
            let times = try WindowText(text)
            guard let rules else { return nil }
            return ChangeWindow(effect: effect, text: text, times: times, timezone: rules.name, rules: rules.rules)
        } catch {
            document.error(
                "invalid-window", at: position(error.offset, in: value, text), error.message, hint: error.hint)
            return nil
        }
    }

    private static func rules(_ fields: Fields, _ zones: ZoneDatabase) -> (name: String, rules: ZoneRules)? {
        guard fields.has("timezone") else { return ("UTC", .utc) }
        let document = fields.document
        guard let node = fields["timezone"], let name = document.string(node, field: "timezone") else { return nil }
        do throws(ZoneDatabase.Problem) {
            return (name, try zones.rules(of: name))
        } catch {
            let quoted = TerminalText.quoted(name)
            switch error {
            case .unknown:
                let nearest = NearestName.of(name, among: zones.names)
                document.error(
                    "unknown-timezone", at: node, "\(quoted) is no time zone of this system",
                    hint: nearest.map { "Did you mean \"\($0)\"?" }
                        ?? "Write it like Europe/Berlin; UTC is always there")
            case .noDatabase:
                document.error(
                    "no-timezone-data", at: node, "this system has no time zones, not even in \(zones.folder)",
                    hint: "Install tzdata, or set TZDIR to a folder that has them")
            case .malformed(let reason):
                document.error(
                    "no-timezone-data", at: node, "the file of \(quoted) in \(zones.folder) can't be read: \(reason)",
                    hint: "Install tzdata anew")
            }
            return nil
        }
    }

    /// Inside of the text where it stands in the file as it is, else at its beginning.
    private static func position(_ offset: Int, in node: Node, _ text: String) -> Position {
        let quote = node.scalar?.isPlain == false ? 1 : 0
        guard node.start.line == node.end.line, text.utf8.allSatisfy({ $0 < 0x80 }),
            node.end.offset - node.start.offset == text.utf8.count + 2 * quote
        else { return node.start }
        return Position(
            line: node.start.line, column: node.start.column + quote + offset,
            offset: node.start.offset + quote + offset)
    }
}
