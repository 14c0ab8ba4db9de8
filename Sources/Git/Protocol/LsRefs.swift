/// The command `ls-refs` of protocol v2: its request, and the lines of its answer.
///
/// Source: gitprotocol-v2(5), "ls-refs".
enum LsRefs {
    /// `HEAD` and every branch; tags and whatever else a server keeps are left out.
    static let branches = ["HEAD", "refs/heads/"]

    /// Asks for the refs whose names begin so.
    static func request(_ capabilities: Capabilities, agent: String, prefixes: [String] = branches) -> [UInt8] {
        var packets: [Packet] = [.line("command=ls-refs")]
        if capabilities.contains("agent") { packets.append(.line("agent=" + agent)) }
        if capabilities.contains("object-format") { packets.append(.line("object-format=sha1")) }
        packets += [.delimiter, .line("peel"), .line("symrefs")]
        if capabilities.command("ls-refs", has: "unborn") { packets.append(.line("unborn")) }
        packets += prefixes.map { .line("ref-prefix \($0)") } + [.flush]
        return packets.encoded
    }

    /// One line: `OID NAME[ symref-target:NAME][ peeled:OID]`, or `unborn NAME symref-target:NAME`.
    static func ref(_ line: String) throws(GitError) -> AdvertisedRef {
        try ProtocolError.check(line)
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count >= 2, !fields[1].isEmpty else { throw ProtocolError.unexpected("a ref has no name") }
        if fields[0].utf8.count == 64 { throw ProtocolError.sha256 }
        var id: CommitID?
        if fields[0] != "unborn" {
            guard let parsed = try? CommitID(fields[0]) else {
                throw ProtocolError.unexpected("a ref begins with no object name")
            }
            id = parsed
        }
        var ref = AdvertisedRef(name: String(fields[1]), id: id)
        for attribute in fields.dropFirst(2) {
            if attribute.hasPrefix("symref-target:") { ref.symbolicTarget = String(attribute.dropFirst(14)) }
            if attribute.hasPrefix("peeled:") { ref.peeled = try? CommitID(attribute.dropFirst(7)) }
        }
        return ref
    }
}

extension RemoteRefs {
    /// The branches among a server's refs. A branch whose name git itself wouldn't take is left out: no environment can
    /// name it.
    init(_ refs: [AdvertisedRef]) {
        var branches: [BranchName: CommitID] = [:]
        var head: BranchName?
        for ref in refs {
            if ref.name == "HEAD" {
                head = ref.symbolicTarget.flatMap(Self.branch)
            } else if let id = ref.id, let name = Self.branch(ref.name) {
                branches[name] = id
            }
        }
        self.init(branches: branches, head: head)
    }

    private static func branch(_ ref: String) -> BranchName? {
        ref.hasPrefix("refs/heads/") ? try? BranchName(String(ref.dropFirst(11))) : nil
    }
}
