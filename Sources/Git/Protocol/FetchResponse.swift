/// Reads the answer to a ``FetchRequest`` packet by packet. Progress (band 2) is dropped; band 3 and `ERR` are thrown in
/// the server's own words.
///
/// Source: gitprotocol-v2(5), "fetch", "Response"; gitprotocol-pack(5), "Packfile Data" and "Shallow"; git's
/// `fetch-pack.c` for the order of the parts in v0.
struct FetchResponse: Sendable {
    enum Event: Sendable, Hashable {
        /// The commit's parents aren't sent, and the mirror is to forget that it had them.
        case shallow(CommitID)
        /// The commit's parents come with this pack.
        case unshallow(CommitID)
        /// A piece of the pack.
        case pack([UInt8])
        /// The answer is complete.
        case end
    }

    private enum State: Hashable {
        case header, acknowledgments, shallowInfo, ignoredSection, pack, between, ended
        case v0Shallow, v0Acknowledgments
    }
    private var state: State
    private let sideBandAll: Bool
    private let isV2: Bool
    /// Whether the server said that it has what it needs to build a pack (v2, `ready`).
    private(set) var isReady = false
    /// The commits of the mirror that the server has, too.
    private(set) var common: [CommitID] = []
    private var hasPack = false

    static func v2(sideBandAll: Bool) -> FetchResponse {
        FetchResponse(state: .header, sideBandAll: sideBandAll, isV2: true)
    }

    /// - Parameter isDeepening: the request limits history, so that a list of shallow commits precedes the rest.
    static func v0(isDeepening: Bool) -> FetchResponse {
        FetchResponse(state: isDeepening ? .v0Shallow : .v0Acknowledgments, sideBandAll: false, isV2: false)
    }

    private init(state: State, sideBandAll: Bool, isV2: Bool) {
        self.state = state
        self.sideBandAll = sideBandAll
        self.isV2 = isV2
    }

    /// Takes a packet; returns what it means for the mirror, nil where that is nothing.
    mutating func receive(_ packet: Packet) throws(GitError) -> Event? {
        guard state != .ended else { throw ProtocolError.unexpected("its answer goes on behind its end") }
        guard case .data(let bytes) = packet else { return try marker(packet) }
        if state == .pack { return try SideBand.payload(bytes).map { .pack($0) } }
        // `ERR` precedes any section and stands outside of every band.
        if let text = packet.text { try ProtocolError.check(text) }
        guard sideBandAll else { return try line(packet.text ?? "", bytes) }
        guard let payload = try SideBand.payload(bytes) else { return nil }
        return try line(Packet.data(payload).text ?? "", payload)
    }

    private mutating func marker(_ packet: Packet) throws(GitError) -> Event? {
        switch (packet, state) {
        case (.delimiter, .acknowledgments), (.delimiter, .shallowInfo), (.delimiter, .ignoredSection):
            state = .between
            return nil
        case (.flush, .v0Shallow):
            state = .v0Acknowledgments
            return nil
        case (.flush, .pack):
            state = .ended
            guard hasPack else { throw ProtocolError.unexpected("its answer has no pack") }
            return .end
        case (.flush, _):
            throw ProtocolError.unexpected("its answer ends without a pack")
        default:
            throw ProtocolError.unexpected("a section marker inside its answer")
        }
    }

    private mutating func line(_ line: String, _ bytes: [UInt8]) throws(GitError) -> Event? {
        switch state {
        case .header, .between:
            try section(line)
            return nil
        case .acknowledgments:
            try acknowledgment(line)
            return nil
        case .shallowInfo, .v0Shallow:
            return try boundary(line)
        case .v0Acknowledgments:
            if line == "NAK" || line.hasPrefix("ACK ") {
                try acknowledgment(line)
                return nil
            }
            state = .pack
            hasPack = true
            return try SideBand.payload(bytes).map { .pack($0) }
        case .ignoredSection, .pack, .ended:
            return nil
        }
    }

    private mutating func section(_ name: String) throws(GitError) {
        switch name {
        case "acknowledgments" where state == .header: state = .acknowledgments
        case "shallow-info": state = .shallowInfo
        case "wanted-refs": state = .ignoredSection
        case "packfile":
            state = .pack
            hasPack = true
        default: throw ProtocolError.unexpected("it sent the section “\(printable(name, limit: 40))”")
        }
    }

    private mutating func acknowledgment(_ line: String) throws(GitError) {
        let fields = line.split(separator: " ")
        switch fields.first {
        case "NAK": break
        case "ready" where isV2: isReady = true
        case "ACK" where fields.count >= 2:
            guard let id = try? CommitID(fields[1]) else { fallthrough }
            common.append(id)
            if fields.count > 2, fields[2] == "ready" { isReady = true }
        default: throw ProtocolError.unexpected("it acknowledged with “\(printable(line, limit: 60))”")
        }
    }

    private func boundary(_ line: String) throws(GitError) -> Event {
        let fields = line.split(separator: " ")
        guard fields.count == 2, let id = try? CommitID(fields[1]) else {
            throw ProtocolError.unexpected("a line of its shallow commits is “\(printable(line, limit: 60))”")
        }
        switch fields[0] {
        case "shallow": return .shallow(id)
        case "unshallow": return .unshallow(id)
        default: throw ProtocolError.unexpected("a line of its shallow commits is “\(printable(line, limit: 60))”")
        }
    }
}
