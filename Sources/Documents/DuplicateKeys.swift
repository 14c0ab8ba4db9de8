/// YAML forbids a key twice in one mapping (YAML 1.2 §3.2.1.1), and most readers silently take the last.
enum DuplicateKeys {
    static func report(_ entries: [Entry], to document: Document) {
        // Nearly every mapping is an app with a handful of fields: comparing them is faster than hashing them.
        if entries.count <= 8 {
            reportByComparing(entries, to: document)
        } else {
            reportByHashing(entries, to: document)
        }
    }

    private static func reportByComparing(_ entries: [Entry], to document: Document) {
        for index in entries.indices.dropFirst() {
            guard let key = text(entries[index]) else { continue }
            for earlier in entries[..<index] where text(earlier) == key {
                report(entries[index].key, key, first: earlier.key, to: document)
                break
            }
        }
    }

    private static func reportByHashing(_ entries: [Entry], to document: Document) {
        var seen: [String: Node] = [:]
        seen.reserveCapacity(entries.count)
        for entry in entries {
            guard let key = text(entry) else { continue }
            if let first = seen[key] {
                report(entry.key, key, first: first, to: document)
            } else {
                seen[key] = entry.key
            }
        }
    }

    private static func text(_ entry: Entry) -> String? {
        entry.key.isRefused ? nil : entry.key.scalar?.text
    }

    private static func report(_ key: Node, _ name: String, first: Node, to document: Document) {
        document.error(
            "duplicate-key", at: key, "\(TerminalText.quoted(name)) stands twice in this mapping",
            hint: "Remove one of them; the first is on line \(first.start.line)")
    }
}
