/// What to ask a server for, and how it is written in protocol v2 and v0.
///
/// `done` is always sent at once: the mirror knows which of its commits the server gave it, so there is nothing to
/// negotiate and one request is enough.
///
/// Source: gitprotocol-v2(5), "fetch"; gitprotocol-pack(5), "Packfile Negotiation".
struct FetchRequest: Sendable, Hashable {
    /// How much history to send.
    enum History: Sendable, Hashable {
        /// All of it, less what is reachable from ``haves``.
        case complete
        /// This many commits of each line of descent; 1 is the wanted commit alone.
        case commits(Int)
        /// Commits made at or after this moment, in seconds since 1970.
        case since(Int64)
    }

    /// At least one.
    var wants: [CommitID]
    var haves: [CommitID] = []
    /// Commits whose parents the mirror doesn't have.
    var shallow: [CommitID] = []
    var history: History = .complete
    /// Commits alone, without folders and files, where the server can leave them out (gitprotocol-pack(5), "filter").
    var isCommitsOnly = false

    func v2(_ capabilities: Capabilities, agent: String) -> [UInt8] {
        var packets: [Packet] = [.line("command=fetch")]
        if capabilities.contains("agent") { packets.append(.line("agent=" + agent)) }
        if capabilities.contains("object-format") { packets.append(.line("object-format=sha1")) }
        packets += [.delimiter, .line("ofs-delta"), .line("no-progress")]
        if Self.usesSideBandAll(capabilities) { packets.append(.line("sideband-all")) }
        packets += wants.map { .line("want \($0)") }
        packets += boundary
        if isCommitsOnly, capabilities.command("fetch", has: "filter") { packets.append(Self.filter) }
        packets += haves.map { .line("have \($0)") }
        packets += [.line("done"), .flush]
        return packets.encoded
    }

    /// - Throws: `no-side-band` where the server can't mark errors inside a pack.
    func v0(_ capabilities: Capabilities, agent: String) throws(GitError) -> [UInt8] {
        guard let sideBand = ["side-band-64k", "side-band"].first(where: capabilities.contains) else {
            throw .refused("no-side-band", "The git server is too old: it offers neither side-band-64k nor side-band")
        }
        var words = [sideBand]
        words += ["multi_ack_detailed", "ofs-delta", "no-progress"].filter(capabilities.contains)
        switch history {
        case .complete where shallow.isEmpty: break
        case .complete, .commits: words.append("shallow")
        case .since: words += ["shallow", "deepen-since"]
        }
        let isFiltered = isCommitsOnly && capabilities.contains("filter")
        if isFiltered { words.append("filter") }
        if capabilities.contains("object-format") { words.append("object-format=sha1") }
        if capabilities.contains("agent") { words.append("agent=" + agent) }
        var packets = wants.enumerated().map { index, want in
            Packet.line("want \(want)" + (index == 0 ? " " + words.joined(separator: " ") : ""))
        }
        packets += boundary
        if isFiltered { packets.append(Self.filter) }
        packets.append(.flush)
        packets += haves.map { .line("have \($0)") }
        packets.append(.line("done"))
        return packets.encoded
    }

    private static let filter = Packet.line("filter tree:0")

    private var boundary: [Packet] {
        let lines = shallow.map { Packet.line("shallow \($0)") }
        return switch history {
        case .complete: lines
        case .commits(let count): lines + [.line("deepen \(count)")]
        case .since(let time): lines + [.line("deepen-since \(time)")]
        }
    }

    static func usesSideBandAll(_ capabilities: Capabilities) -> Bool {
        capabilities.command("fetch", has: "sideband-all")
    }

    /// Whether a server can send less than the whole history.
    static func canBeShallow(_ advertisement: Advertisement) -> Bool {
        switch advertisement {
        case .v2(let capabilities): capabilities.command("fetch", has: "shallow")
        case .v0(let capabilities, _): capabilities.contains("shallow")
        }
    }

    static func canBeLimitedByTime(_ advertisement: Advertisement) -> Bool {
        switch advertisement {
        case .v2(let capabilities): capabilities.command("fetch", has: "shallow")
        case .v0(let capabilities, _): capabilities.contains("deepen-since")
        }
    }
}
