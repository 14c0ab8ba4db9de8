/// The commands of a push, and how they are written.
///
/// A push is compare-and-swap by the server: each command names the object that the ref must still point at.
///
/// Source: gitprotocol-pack(5), "Reference Update Request and Packfile Transfer"; gitprotocol-capabilities(5).
struct PushRequest: Sendable, Hashable {
    /// What a ref is to point at, and what it must point at until then.
    struct Command: Sendable, Hashable {
        let ref: String
        let old: CommitID
        let new: CommitID
    }

    /// At least one.
    var commands: [Command]
    /// Sent to the server's hooks, one each (git-push(1), `--push-option`).
    var options: [String]
    var pack: [UInt8]

    init(commands: [Command], options: [String], pack: [UInt8]) {
        self.commands = commands
        self.options = options
        self.pack = pack
    }

    init(_ commit: PreparedCommit, to branch: BranchName, options: [String]) {
        commands = [Command(ref: branch.refName, old: commit.parent, new: commit.id)]
        self.options = options
        pack = commit.pack
    }

    /// - Throws: `push-options-unsupported`, `push-option` (refused), `no-push-report` where the server would not say what
    ///   became of the push.
    func bytes(_ capabilities: Capabilities, agent: String) throws(GitError) -> [UInt8] {
        guard let report = ["report-status-v2", "report-status"].first(where: capabilities.contains) else {
            throw .refused("no-push-report", "The git server is too old: it doesn't say what becomes of a push")
        }
        var words = [report]
        words += ["side-band-64k", "atomic", "quiet"].filter(capabilities.contains)
        if !options.isEmpty {
            guard capabilities.contains("push-options") else {
                throw .refused(
                    "push-options-unsupported", "The git server takes no push options",
                    hint: "Leave --push-option out, or set receive.advertisePushOptions on the server")
            }
            words.append("push-options")
        }
        if capabilities.contains("object-format") { words.append("object-format=sha1") }
        if capabilities.contains("agent") { words.append("agent=" + agent) }
        var lines = commands.map { "\($0.old) \($0.new) \($0.ref)" }
        // Behind the first command, as the format has it.
        lines[0] += "\0 " + words.joined(separator: " ")
        var packets = lines.map { Packet.data(Array($0.utf8)) } + [.flush]
        if !options.isEmpty {
            packets += try options.map { option throws(GitError) in .data(try Self.checked(option)) } + [.flush]
        }
        return packets.encoded + pack
    }

    private static func checked(_ option: String) throws(GitError) -> [UInt8] {
        let bytes = Array(option.utf8)
        guard bytes.count <= 65_000, !bytes.contains(where: { [0, 0x0a].contains($0) }) else {
            throw .refused("push-option", "A push option can't hold a line feed or more than 65,000 bytes")
        }
        return bytes
    }
}
