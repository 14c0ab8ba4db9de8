/// Reads an ``Advertisement`` packet by packet, with or without the `# service=` that HTTP puts before it.
///
/// Source: gitprotocol-v2(5), "Capability Advertisement"; gitprotocol-pack(5), "Reference Discovery";
/// gitprotocol-http(5), "Smart Server Response".
struct AdvertisementParser: Sendable {
    private let service: Service
    private enum State { case start, service, first, v2, v0 }
    private var state = State.start
    private var capabilities = Capabilities()
    private var refs: [AdvertisedRef] = []

    init(_ service: Service = .uploadPack) { self.service = service }

    /// Takes a packet; returns the advertisement with the flush that ends it.
    mutating func receive(_ packet: Packet) throws(GitError) -> Advertisement? {
        switch packet {
        case .delimiter, .responseEnd: throw ProtocolError.unexpected("a section marker among its first words")
        case .flush: return try flush()
        case .data: break
        }
        guard let line = packet.text else { return nil }
        try ProtocolError.check(line)
        switch state {
        case .start where line.hasPrefix("# service="):
            guard line == "# service=\(service.rawValue)" else {
                throw ProtocolError.unexpected("another service than asked")
            }
            state = .service
        case .start, .first, .service:
            try first(line)
        case .v2:
            capabilities.add(line)
        case .v0:
            try ref(line)
        }
        return nil
    }

    private mutating func first(_ line: String) throws(GitError) {
        switch line {
        case "version 2": state = .v2
        case "version 1": state = .v0
        default:
            state = .v0
            try ref(line)
        }
    }

    private mutating func flush() throws(GitError) -> Advertisement? {
        switch state {
        case .service:
            state = .first
            return nil
        case .start, .first, .v0:
            // Without any line before it, an empty repository of an old server.
            try capabilities.checkObjectFormat()
            return .v0(capabilities, refs: resolved())
        case .v2:
            try capabilities.checkObjectFormat()
            guard capabilities.contains("ls-refs"), capabilities.contains("fetch") else {
                throw ProtocolError.unexpected("it offers protocol v2 without ls-refs or fetch")
            }
            return .v2(capabilities)
        }
    }

    private mutating func ref(_ line: String) throws(GitError) {
        if line == "version 1", refs.isEmpty { return }
        let parts = line.split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count > 1 {
            for word in parts[1].split(separator: " ") { capabilities.add(word) }
            try capabilities.checkObjectFormat()
        }
        let fields = parts[0].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard fields.count == 2 else { throw ProtocolError.unexpected("a line of its refs has no name") }
        if fields[0] == "shallow" { return }
        if fields[0].utf8.count == 64 { throw ProtocolError.sha256 }
        guard let id = try? CommitID(fields[0]) else {
            throw ProtocolError.unexpected("a line of its refs begins with no object name")
        }
        if fields[1] == "capabilities^{}" { return }
        if fields[1].hasSuffix("^{}"), let last = refs.last, last.name == fields[1].dropLast(3) {
            refs[refs.count - 1].peeled = id
        } else {
            refs.append(AdvertisedRef(name: String(fields[1]), id: id))
        }
    }

    /// The refs with the targets of `symref=HEAD:refs/heads/main` filled in, unborn ones included.
    private func resolved() -> [AdvertisedRef] {
        var result = refs
        for pair in capabilities.values(of: "symref") {
            let parts = pair.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            if let index = result.firstIndex(where: { $0.name == parts[0] }) {
                result[index].symbolicTarget = String(parts[1])
            } else {
                result.append(AdvertisedRef(name: String(parts[0]), id: nil, symbolicTarget: String(parts[1])))
            }
        }
        return result
    }
}
