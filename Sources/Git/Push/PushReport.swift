/// Reads a server's answer to a push packet by packet: what became of the pack and of the ref, and what hooks had to say.
///
/// Source: gitprotocol-pack(5), "Report Status" and "Packfile Data"; git's `builtin/receive-pack.c` for the order of the parts.
struct PushReport: Sendable {
    /// What the server said of the ref.
    enum Verdict: Sendable, Hashable {
        case accepted
        /// In the server's own words.
        case rejected(String)
    }

    /// What became of a push.
    struct Sent: Sendable, Hashable {
        /// Of each ref, in the order of the commands.
        let verdicts: [Verdict]
        let messages: [String]

        /// Of all of them: the first one that is no good.
        var verdict: Verdict { verdicts.first { $0 != .accepted } ?? .accepted }

        /// There was nothing to send.
        static let nothing = Sent(verdicts: [], messages: [])
    }

    private let refs: [String]
    private let usesSideBand: Bool
    private var inner = PacketDecoder()
    private var unpacked: String?
    private var isReported = false
    private var remote = RemoteWords()
    private var verdicts: [String: Verdict] = [:]

    init(refs: [String], usesSideBand: Bool) {
        self.refs = refs
        self.usesSideBand = usesSideBand
    }

    /// Whether the verdicts are final, which is before the hooks that follow a push have ended.
    var isComplete: Bool { isReported }

    /// Once it is complete.
    var sent: Sent { Sent(verdicts: refs.compactMap { verdicts[$0] }, messages: messages) }

    /// What hooks and the server itself wrote so far, line by line.
    var messages: [String] { remote.lines }

    /// Takes a packet.
    ///
    /// - Returns: whether the answer is complete.
    mutating func receive(_ packet: Packet) throws(GitError) -> Bool {
        guard usesSideBand else {
            if case .data = packet, let text = packet.text { try ProtocolError.check(text) }
            try report(packet)
            return isReported
        }
        switch packet {
        case .flush:
            guard isReported else { throw ProtocolError.truncated("its report of the push") }
            return true
        case .delimiter, .responseEnd: throw ProtocolError.unexpected("a section marker in its report of the push")
        case .data(let bytes): try band(bytes, packet)
        }
        return false
    }

    private mutating func band(_ bytes: [UInt8], _ packet: Packet) throws(GitError) {
        switch bytes.first {
        case 1:
            inner.append(bytes.dropFirst())
            while let packet = try inner.next() { try report(packet) }
        case 2: remote.append(bytes.dropFirst())
        case 3: throw ProtocolError.server(String(decoding: bytes.dropFirst(), as: UTF8.self))
        case nil: break
        default:
            if let text = packet.text { try ProtocolError.check(text) }
            throw ProtocolError.unexpected("a packet of its report belongs to no band")
        }
    }

    private mutating func report(_ packet: Packet) throws(GitError) {
        guard !isReported else { return }
        guard let line = packet.text else {
            guard case .flush = packet else {
                throw ProtocolError.unexpected("a section marker in its report of the push")
            }
            guard let unpacked, refs.allSatisfy({ verdicts[$0] != nil }) else {
                throw ProtocolError.unexpected("its report names no ref")
            }
            isReported = true
            // The reason for a ref that was rejected with its pack is the pack's.
            if unpacked != "ok" {
                for (ref, verdict) in verdicts where verdict != .accepted {
                    verdicts[ref] = .rejected("unpacker error: \(unpacked)")
                }
            }
            return
        }
        let fields = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        switch fields[0] {
        case "unpack" where fields.count > 1:
            unpacked = printable(fields.dropFirst().joined(separator: " "), limit: 200)
        case "ok" where fields.count > 1 && refs.contains(fields[1]): verdicts[fields[1]] = .accepted
        case "ng" where fields.count > 1 && refs.contains(fields[1]):
            verdicts[fields[1]] = .rejected(printable(fields.count > 2 ? fields[2] : "no reason given", limit: 300))
        // Of a ref that a proxy behind `proc-receive` chose instead (report-status-v2).
        case "option": break
        default: throw ProtocolError.unexpected("its report has the line “\(printable(line, limit: 80))”")
        }
    }
}

/// What a server says beside its report, cut into lines as a terminal would show them: what a carriage return overwrites is left
/// out, and so is everything beyond a hundred lines.
struct RemoteWords: Sendable, Hashable {
    private(set) var lines: [String] = []
    private var rest: [UInt8] = []

    private static let limit = 100

    mutating func append(_ bytes: some Collection<UInt8>) {
        for byte in bytes {
            switch byte {
            case 0x0a: end()
            case 0x0d: rest = []
            default: if rest.count < 4096 { rest.append(byte) }
            }
        }
    }

    private mutating func end() {
        let line = printable(rest)
        rest = []
        if !line.isEmpty, lines.count < Self.limit { lines.append(line) }
    }
}
