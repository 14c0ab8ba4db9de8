/// A commit's own text, taken apart into what was signed and the signature, precisely as git does.
///
/// Source: git's commit.c, `parse_buffer_signed_by_header`: the signature is the value of `gpgsig` with its continuation
/// lines, and the rest is what was signed, except all headers whose names begin with `gpgsig`.
struct SignedCommit: Sendable, Hashable {
    /// What the signature is over.
    let payload: [UInt8]
    /// As it stands in the commit; nil where it has none.
    let signature: [UInt8]?
    /// The committer's time, in seconds since 1970: the time for which git asks whether the key was valid.
    let time: Int64
    /// What the committer and the author say they are called by.
    let authorEmail: String
    let committerEmail: String

    /// - Throws: `commit-malformed` for what git could read in two ways: several signatures, several committers, no time.
    init(_ bytes: [UInt8], id: CommitID) throws(GitError) {
        var payload: [UInt8] = []
        var signature: [UInt8] = []
        var signatures = 0
        var people: [String: [ArraySlice<UInt8>]] = [:]
        var part = Part.payload
        var rest = bytes[...]
        while let first = rest.first {
            if first == Self.newline {
                payload += rest
                break
            }
            let end = rest.firstIndex(of: Self.newline).map { $0 + 1 } ?? rest.endIndex
            let line = rest[..<end]
            rest = rest[end...]
            if first != UInt8(ascii: " ") {
                part = Self.part(beginning: line)
                if part == .signature { signatures += 1 }
                for name in ["author", "committer"] where line.starts(with: (name + " ").utf8) {
                    people[name, default: []].append(line.dropFirst(name.utf8.count + 1))
                }
            }
            switch part {
            case .payload: payload += line
            case .otherSignature: break
            case .signature: signature += line.dropFirst(first == UInt8(ascii: " ") ? 1 : Self.header.count)
            }
        }
        guard signatures <= 1 else { throw Self.malformed(id, "has several signatures") }
        guard let author = people["author"], author.count == 1, let committer = people["committer"],
            committer.count == 1, let time = Self.time(committer[0])
        else { throw Self.malformed(id, "names not one author and one committer with a time") }
        self.payload = payload
        self.signature = signatures == 0 ? nil : signature
        self.time = time
        authorEmail = Self.email(author[0])
        committerEmail = Self.email(committer[0])
    }

    private enum Part { case payload, signature, otherSignature }

    private static let newline = UInt8(ascii: "\n")
    private static let header = Array("gpgsig ".utf8)

    private static func part(beginning line: ArraySlice<UInt8>) -> Part {
        if line.starts(with: header) { return .signature }
        return line.starts(with: header.dropLast()) ? .otherSignature : .payload
    }

    /// `NAME <EMAIL> SECONDS ZONE`.
    private static func time(_ person: ArraySlice<UInt8>) -> Int64? {
        guard let close = person.lastIndex(of: UInt8(ascii: ">")) else { return nil }
        let digits = person[(close + 1)...].drop { $0 == 0x20 }.prefix { (0x30...0x39).contains($0) }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static func email(_ person: ArraySlice<UInt8>) -> String {
        guard let open = person.firstIndex(of: UInt8(ascii: "<")),
            let close = person[open...].firstIndex(of: UInt8(ascii: ">"))
        else { return "" }
        return printable(Array(person[(open + 1)..<close]), limit: 200)
    }

    private static func malformed(_ id: CommitID, _ reason: String) -> GitError {
        .refused("commit-malformed", "The commit \(id.short) \(reason), so that nobody can tell who signed what")
    }
}
