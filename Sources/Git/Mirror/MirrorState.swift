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

    init() {}

    /// - Returns: nil for what this type didn't write.
    init?(packedRefs: String, shallow: String) {
        guard packedRefs.hasPrefix(Self.header), packedRefs.hasSuffix("\n") else { return nil }
        for line in packedRefs.dropFirst(Self.header.count).split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 1)
            guard fields.count == 2, let id = try? CommitID(fields[0]) else { return nil }
            if fields[1].hasPrefix("refs/heads/") {
                guard let branch = try? BranchName(String(fields[1].dropFirst(11))) else { return nil }
                fetched[branch] = id
            } else if fields[1].hasPrefix(Self.acceptedPrefix) {
                guard let branch = try? BranchName(String(fields[1].dropFirst(Self.acceptedPrefix.count))) else {
                    return nil
                }
                accepted[branch] = id
            } else {
                return nil
            }
        }
        for line in shallow.split(separator: "\n") {
            guard let id = try? CommitID(line) else { return nil }
            self.shallow.insert(id)
        }
    }

    private static let header = "# pack-refs with: peeled fully-peeled sorted \n"

    var packedRefs: String {
        let lines =
            fetched.map { "\($0.key.refName) \($0.value)" }
            + accepted.map { "\(Self.acceptedPrefix)\($0.key) \($0.value)" }
        let sorted = lines.sorted().map { line in
            let fields = line.split(separator: " ")
            return "\(fields[1]) \(fields[0])\n"
        }
        return Self.header + sorted.joined()
    }

    var shallowFile: String { shallow.sorted().map { "\($0)\n" }.joined() }
}
