/// What a mirror knows besides objects: the tips it fetched and accepted, and the commits whose parents it lacks.
///
/// Kept in git's own `packed-refs` and `shallow` files, each replaced as a whole, so that `git` reads the mirror as the
/// bare repository it is, no reader ever sees half of an update, and branches `a` and `a/b` can follow each other.
struct MirrorState: Sendable, Hashable {
    static let acceptedPrefix = "refs/descry/accepted/"

    /// The tips fetched last, by branch.
    var fetched: [BranchName: CommitID] = [:]
    /// The tips accepted last.
    var accepted: [BranchName: CommitID] = [:]
    var shallow: Set<CommitID> = []

    /// Takes the refs from the text of `packed-refs`.
    ///
    /// - Returns: false, and nothing is taken, for what this type didn't write.
    mutating func read(packedRefs text: String) -> Bool {
        guard text.hasPrefix(Self.header), text.hasSuffix("\n") else { return false }
        var fetched: [BranchName: CommitID] = [:]
        var accepted: [BranchName: CommitID] = [:]
        for line in text.dropFirst(Self.header.count).split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 1)
            guard fields.count == 2, let id = try? CommitID(fields[0]) else { return false }
            if let branch = Self.branch(fields[1], after: "refs/heads/") {
                fetched[branch] = id
            } else if let branch = Self.branch(fields[1], after: Self.acceptedPrefix) {
                accepted[branch] = id
            } else {
                return false
            }
        }
        (self.fetched, self.accepted) = (fetched, accepted)
        return true
    }

    /// Takes the commits without parents from the text of `shallow`.
    ///
    /// - Returns: false, and nothing is taken, for what this type didn't write.
    mutating func read(shallow text: String) -> Bool {
        var shallow: Set<CommitID> = []
        for line in text.split(separator: "\n") {
            guard let id = try? CommitID(line) else { return false }
            shallow.insert(id)
        }
        self.shallow = shallow
        return true
    }

    private static func branch(_ ref: Substring, after prefix: String) -> BranchName? {
        ref.hasPrefix(prefix) ? try? BranchName(String(ref.dropFirst(prefix.count))) : nil
    }

    private static let header = "# pack-refs with: peeled fully-peeled sorted \n"

    /// Sorted by the names' bytes, since git searches there by bisection.
    var packedRefs: String {
        var text = Self.header
        text.reserveCapacity(text.utf8.count + (fetched.count + accepted.count) * 100)
        // "refs/descry/" comes before "refs/heads/".
        for (prefix, tips) in [(Self.acceptedPrefix, accepted), ("refs/heads/", fetched)] {
            let sorted = tips.sorted { $0.key.description.utf8.lexicographicallyPrecedes($1.key.description.utf8) }
            for (branch, tip) in sorted {
                for part in [tip.description, " ", prefix, branch.description, "\n"] { text += part }
            }
        }
        return text
    }

    var shallowFile: String { shallow.sorted().map { "\($0)\n" }.joined() }
}
