import Documents

/// A descriptor with other versions for some of its apps, and every other byte as it was: comments, order, quotes, line ends
/// and indentation.
public struct DescriptorEdit: Sendable, Hashable {
    /// One app that gets another version.
    public struct Change: Sendable, Hashable {
        public let app: String
        public let from: AppVersion
        public let to: AppVersion
    }

    /// The bytes that stand in another's place.
    struct Replacement: Sendable, Hashable {
        /// In the bytes before the edit.
        let range: Range<Int>
        let text: String
    }

    /// The descriptor before.
    public let old: [UInt8]
    /// The descriptor after; the same where nothing changes.
    public let bytes: [UInt8]
    /// In the order of the file. An app that has its version already is not among them.
    public let changes: [Change]
    /// In the order of the file, none overlapping another.
    let replacements: [Replacement]

    /// - Parameters:
    ///   - versions: app → the version that it gets.
    ///   - bytes: the descriptor.
    ///   - file: its name, for messages.
    /// - Throws: every problem of the descriptor, or else `unknown-app` for each app that it does not name.
    public init(_ versions: [String: AppVersion], in bytes: [UInt8], file: String) throws(Refused) {
        let descriptor = try Descriptor.parse(bytes, file: file)
        try Self.checkNames(versions.keys.sorted(), in: descriptor)
        var changes: [Change] = []
        var replacements: [Replacement] = []
        for app in descriptor.apps {
            guard let version = versions[app.name], version != app.version else { continue }
            changes.append(Change(app: app.name, from: app.version, to: version))
            replacements.append(Replacement(range: Self.place(of: app, in: bytes), text: version.text))
        }
        // Apps stand in the order of the file.
        var result: [UInt8] = []
        var end = 0
        for replacement in replacements {
            result += bytes[end..<replacement.range.lowerBound]
            result += replacement.text.utf8
            end = replacement.range.upperBound
        }
        result += bytes[end...]
        try Self.check(result, against: descriptor, changes)
        (old, self.bytes, self.changes, self.replacements) = (bytes, result, changes, replacements)
    }

    private static func checkNames(_ names: [String], in descriptor: Descriptor) throws(Refused) {
        let known = Set(descriptor.apps.map(\.name))
        let problems = names.filter { !known.contains($0) }.map { name in
            let nearest = known.count <= 1000 ? NearestName.of(name, among: known.sorted()) : nil
            return Diagnostic(
                code: "unknown-app", message: "the descriptor names no app \(TerminalText.quoted(name))",
                hint: nearest.map { "Did you mean \"\($0)\"?" } ?? "Add it to the descriptor first",
                file: descriptor.file)
        }
        if !problems.isEmpty { throw Refused(problems) }
    }

    /// Where the version's own characters stand: inside the quotes, or behind the header of a block scalar.
    ///
    /// They stand there as they are nearly always. Only in double quotes can the same text be written otherwise (`\x2e` for a
    /// dot): then all that is between the quotes is replaced.
    private static func place(of app: App, in bytes: [UInt8]) -> Range<Int> {
        let scalar = app.versionPosition.offset..<app.versionEnd.offset
        let text = Array(app.version.text.utf8)
        // From the end: a comment behind the `|` of a block scalar may hold the same words.
        var start = scalar.upperBound - text.count
        while start >= scalar.lowerBound {
            if bytes[start..<start + text.count].elementsEqual(text) { return start..<start + text.count }
            start -= 1
        }
        return scalar.lowerBound + 1..<scalar.upperBound - 1
    }

    /// What was written must read as what was meant: every app as before, but for the versions.
    private static func check(_ bytes: [UInt8], against before: Descriptor, _ changes: [Change]) throws(Refused) {
        let after = try Descriptor.parse(bytes, file: before.file)
        let wanted = Dictionary(uniqueKeysWithValues: changes.map { ($0.app, $0.to) })
        let isRight =
            after.apps.count == before.apps.count
            && zip(before.apps, after.apps).allSatisfy { old, new in
                new.name == old.name && new.version == wanted[old.name] ?? old.version && new.kind == old.kind
                    && new.containers == old.containers && new.imageRepository == old.imageRepository
                    && new.after == old.after && new.isCritical == old.isCritical && new.timeout == old.timeout
                    && new.canary == old.canary && new.health == old.health
            }
        guard isRight else {
            throw Refused([
                Diagnostic(
                    code: "uneditable", message: "the version cannot be replaced without changing something else",
                    hint: "Write the versions on one line each, plain or in quotes", file: before.file)
            ])
        }
    }
}
