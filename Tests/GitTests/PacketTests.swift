import Testing

@testable import Git

/// The framing of git's protocol.
@Suite struct PacketTests {
    private static func decode(_ bytes: [UInt8], in pieces: Int) throws -> [Packet] {
        var decoder = PacketDecoder()
        var packets: [Packet] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            decoder.append(bytes[start..<min(start + pieces, bytes.count)])
            while let packet = try decoder.next() { packets.append(packet) }
        }
        return packets
    }

    /// What is written is read again, however the bytes are cut.
    @Test(arguments: [1, 2, 3, 4, 5, 7, 1000, 100_000])
    func `packets survive the way`(_ pieces: Int) throws {
        let packets: [Packet] = [
            .flush, .delimiter, .responseEnd, .line("want"), .data([]), .data([0]),
            .data([UInt8](repeating: 7, count: 65516)), .line(""), .flush,
        ]
        #expect(try Self.decode(packets.encoded, in: pieces) == packets)
    }

    @Test func `the wire has the documented form`() {
        // The examples of gitprotocol-common(5).
        #expect(Packet.line("a").encoded == Array("0006a\n".utf8))
        #expect(Packet.data(Array("a".utf8)).encoded == Array("0005a".utf8))
        #expect(Packet.line("foobar").encoded == Array("000bfoobar\n".utf8))
        #expect(Packet.data([]).encoded == Array("0004".utf8))
        #expect(Packet.data([UInt8](repeating: 0, count: 65516)).encoded.prefix(4) == Array("fff0".utf8)[...])
    }

    /// Lengths in either case are taken; what isn't a length, or is one of none or too long a packet, isn't.
    @Test func `malformed lengths are refused`() throws {
        #expect(try Self.decode(Array("000Bfoobar\n".utf8), in: 100) == [.line("foobar")])
        for text in [
            "0003", "fff1", "ffff", "FFFF", "00g0", "    ", "-001", "+001", "0x05", "PACK", "HTTP/1.1 200", "<htm",
        ] {
            #expect(throws: GitError.self, "\(text)") { try Self.decode(Array(text.utf8), in: 100) }
        }
    }

    /// Nothing is made up where bytes are missing.
    @Test func `a truncated packet isn't one`() throws {
        for text in ["", "0", "000", "0005", "000bfooba"] {
            var decoder = PacketDecoder()
            decoder.append(Array(text.utf8))
            #expect(try decoder.next() == nil)
            #expect(decoder.isEmpty == text.isEmpty)
        }
    }
}
