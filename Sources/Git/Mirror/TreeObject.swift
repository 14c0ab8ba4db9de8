/// A folder of a commit: names, modes and the objects behind them.
struct TreeObject: Sendable, Hashable {
    enum Mode: Sendable, Hashable { case file, directory, symlink, submodule }

    struct Entry: Sendable, Hashable {
        let name: [UInt8]
        let mode: Mode
        let id: CommitID
    }

    let entries: [Entry]

    /// Reads `MODE NAME\0` and twenty bytes, again and again.
    ///
    /// - Returns: nil for what isn't a tree by git's format.
    init?(_ bytes: [UInt8]) {
        var entries: [Entry] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 0x20), let zero = rest[space...].firstIndex(of: 0),
                rest.endIndex - zero > 20, let mode = Self.mode(rest[rest.startIndex..<space])
            else { return nil }
            let digits = rest[zero + 1..<zero + 21].map { byte in
                let text = String(byte, radix: 16)
                return byte < 16 ? "0" + text : text
            }
            entries.append(
                Entry(name: Array(rest[space + 1..<zero]), mode: mode, id: CommitID(hexadecimal: digits.joined())))
            rest = rest[(zero + 21)...]
        }
        self.entries = entries
    }

    subscript(name: String) -> Entry? {
        let bytes = Array(name.utf8)
        return entries.first { $0.name == bytes }
    }

    private static func mode(_ digits: ArraySlice<UInt8>) -> Mode? {
        guard let value = Int(String(decoding: digits, as: UTF8.self), radix: 8) else { return nil }
        return switch value & 0o170000 {
        case 0o040000: .directory
        case 0o100000: .file
        case 0o120000: .symlink
        case 0o160000: .submodule
        default: nil
        }
    }
}
