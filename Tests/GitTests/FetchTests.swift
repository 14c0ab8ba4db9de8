import Testing

@testable import Git

/// The request for a pack, and the answer to it.
@Suite struct FetchTests {
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)

    private static func band(_ number: UInt8, _ text: String) -> Packet { .data([number] + Array(text.utf8)) }

    private static func receive(_ response: FetchResponse, _ packets: [Packet]) throws(GitError) -> [FetchResponse
        .Event]
    {
        var response = response
        var events: [FetchResponse.Event] = []
        for packet in packets {
            if let event = try response.receive(packet) { events.append(event) }
        }
        return events
    }

    private static func code(_ response: FetchResponse, _ packets: [Packet]) -> String? {
        do throws(GitError) { _ = try receive(response, packets) } catch { return error.code }
        return nil
    }

    /// The parts of an answer of version 2, each alone and all together; progress and keep-alives leave no trace.
    @Test func `an answer of version 2 is read`() throws {
        let pack: [Packet] = [
            .line("packfile"), Self.band(2, "Counting objects"), Self.band(1, "PACK"), Self.band(1, ""),
            Self.band(1, "rest"),
            .flush,
        ]
        let packEvents: [FetchResponse.Event] = [.pack(Array("PACK".utf8)), .pack(Array("rest".utf8)), .end]
        let shallow: [Packet] = [
            .line("shallow-info"), .line("shallow \(Self.one)"), .line("unshallow \(Self.two)"), .delimiter,
        ]
        let acknowledged: [Packet] = [.line("acknowledgments"), .line("ACK \(Self.one)"), .line("ready"), .delimiter]
        let ids = try (CommitID(Self.one), CommitID(Self.two))
        let shallowEvents: [FetchResponse.Event] = [.shallow(ids.0), .unshallow(ids.1)]
        let rows: [([Packet], [FetchResponse.Event])] = [
            (pack, packEvents), (shallow + pack, shallowEvents + packEvents), (acknowledged + pack, packEvents),
            (
                acknowledged + shallow + [.line("wanted-refs"), .line("\(Self.one) r"), .delimiter] + pack,
                shallowEvents + packEvents
            ),
        ]
        for (packets, events) in rows { #expect(try Self.receive(.v2(sideBandAll: false), packets) == events) }
        var response = FetchResponse.v2(sideBandAll: false)
        for packet in acknowledged { _ = try response.receive(packet) }
        #expect(response.isReady && response.common == [ids.0])
    }

    @Test func `with sideband-all every line has a band`() throws {
        let packets: [Packet] = [
            Self.band(2, "keep alive"), Self.band(1, "shallow-info\n"), Self.band(1, "shallow \(Self.one)\n"),
            .delimiter,
            Self.band(1, "packfile\n"), Self.band(1, "PACK"), .flush,
        ]
        #expect(
            try Self.receive(.v2(sideBandAll: true), packets) == [
                .shallow(CommitID(Self.one)), .pack(Array("PACK".utf8)), .end,
            ])
    }

    @Test func `an answer of version 0 is read`() throws {
        let pack: [Packet] = [Self.band(1, "PACK"), Self.band(2, "progress"), .flush]
        let end: [FetchResponse.Event] = [.pack(Array("PACK".utf8)), .end]
        #expect(try Self.receive(.v0(isDeepening: false), [.line("NAK")] + pack) == end)
        #expect(
            try Self.receive(
                .v0(isDeepening: false), [.line("ACK \(Self.one) common"), .line("ACK \(Self.one)")] + pack) == end)
        #expect(
            try Self.receive(.v0(isDeepening: true), [.line("shallow \(Self.one)"), .flush, .line("NAK")] + pack)
                == [.shallow(CommitID(Self.one))] + end)
    }

    @Test func `errors come in the server's words, without control characters`() throws {
        do throws(GitError) {
            _ = try Self.receive(
                .v2(sideBandAll: false), [.line("packfile"), Self.band(3, "disk \u{1b}[31mfull\u{7}\n")])
            Issue.record("band 3 was taken for data")
        } catch {
            #expect(error.code == "server-error")
            #expect(error.message.hasSuffix("disk [31mfull"))
        }
    }

    @Test func `what breaks the protocol is refused`() {
        let v2: [([Packet], String)] = [
            ([.flush], "protocol"), ([.line("packfile"), .flush, .flush], "protocol"),
            ([.line("packfile-uris")], "protocol"),
            ([.line("hello")], "protocol"), ([.line("packfile"), Self.band(9, "x")], "protocol"),
            ([.line("packfile"), .delimiter], "protocol"), ([.line("packfile"), .responseEnd], "protocol"),
            ([.line("acknowledgments"), .line("MAYBE")], "protocol"),
            ([.line("acknowledgments"), .line("ACK xyz")], "protocol"),
            ([.line("acknowledgments"), .line("NAK"), .flush], "protocol"),
            ([.line("shallow-info"), .line("shallow xyz")], "protocol"),
            ([.line("shallow-info"), .line("deep \(Self.one)")], "protocol"),
            ([.delimiter], "protocol"), ([.line("ERR upload-pack: not our ref \(Self.one)")], "commit-gone"),
            ([.line("packfile"), Self.band(3, "access denied")], "access-denied"),
        ]
        for (packets, code) in v2 { #expect(Self.code(.v2(sideBandAll: false), packets) == code, "\(packets)") }
        let v0: [([Packet], String)] = [
            ([.line("hello")], "protocol"), ([.line("NAK"), .flush], "protocol"),
            ([.line("NAK"), .delimiter], "protocol"),
            ([.line("ERR boom")], "server-error"),
        ]
        for (packets, code) in v0 { #expect(Self.code(.v0(isDeepening: false), packets) == code, "\(packets)") }
        #expect(Self.code(.v0(isDeepening: true), [.line("NAK")]) == "protocol")
    }

    @Test func `requests have the documented form`() throws {
        var capabilities = Capabilities()
        for word in ["agent=git/2", "object-format=sha1", "fetch=shallow sideband-all"] { capabilities.add(word) }
        let request = try FetchRequest(
            wants: [CommitID(Self.one)], haves: [CommitID(Self.two)], shallow: [CommitID(Self.two)],
            history: .since(1234))
        #expect(
            try Self.lines(request.v2(capabilities, agent: "git/x")) == [
                "command=fetch", "agent=git/x", "object-format=sha1", "<0001>", "ofs-delta", "no-progress",
                "sideband-all",
                "want \(Self.one)", "shallow \(Self.two)", "deepen-since 1234", "have \(Self.two)", "done", "<0000>",
            ])
        var old = Capabilities()
        for word in ["side-band-64k", "multi_ack_detailed", "ofs-delta", "no-progress", "shallow", "agent=git/1"] {
            old.add(word)
        }
        var shallow = request
        shallow.history = .commits(1)
        #expect(
            try Self.lines(shallow.v0(old, agent: "git/x")) == [
                "want \(Self.one) side-band-64k multi_ack_detailed ofs-delta no-progress shallow agent=git/x",
                "shallow \(Self.two)", "deepen 1", "<0000>", "have \(Self.two)", "done",
            ])
        // Several commits without files, where the server can leave those out; else with them.
        var lineage = FetchRequest(wants: request.wants + request.haves, isCommitsOnly: true)
        #expect(!(try Self.lines(lineage.v2(capabilities, agent: "git/x")).contains("filter tree:0")))
        capabilities.add("fetch=filter")
        #expect(
            try Self.lines(lineage.v2(capabilities, agent: "git/x")).suffix(5) == [
                "want \(Self.one)", "want \(Self.two)", "filter tree:0", "done", "<0000>",
            ])
        old.add("filter")
        lineage.haves = request.haves
        #expect(
            try Self.lines(lineage.v0(old, agent: "git/x")) == [
                "want \(Self.one) side-band-64k multi_ack_detailed ofs-delta no-progress filter agent=git/x",
                "want \(Self.two)", "filter tree:0", "<0000>", "have \(Self.two)", "done",
            ])
        #expect(throws: GitError.self, "no side band") { try request.v0(Capabilities(), agent: "git/x") }
    }

    /// A server is asked for no more than it said it can do.
    @Test func `a request is fitted to the server`() throws {
        var request = try FetchRequest(
            wants: [CommitID(Self.one)], haves: [CommitID(Self.two)], shallow: [CommitID(Self.two)])
        request.history = .since(1234)
        var capabilities = Capabilities()
        #expect(request.possible(.v0(capabilities, refs: [])).history == .complete)
        // What it would take the mirror to have, it hasn't.
        #expect(request.possible(.v0(capabilities, refs: [])).haves.isEmpty)
        capabilities.add("shallow")
        #expect(request.possible(.v0(capabilities, refs: [])).history == .commits(100))
        capabilities.add("deepen-since")
        #expect(request.possible(.v0(capabilities, refs: [])) == request)
    }

    private static func lines(_ bytes: [UInt8]) throws -> [String] {
        var decoder = PacketDecoder()
        decoder.append(bytes)
        var lines: [String] = []
        while let packet = try decoder.next() {
            lines.append(packet.text ?? "<\(String(decoding: packet.encoded, as: UTF8.self))>")
        }
        #expect(decoder.isEmpty)
        return lines
    }
}
