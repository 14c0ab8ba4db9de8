import Testing

@testable import Git

/// A server's answer to a push, packet by packet.
@Suite struct PushReportTests {
    private static let ref = "refs/heads/DEV"

    private static func band(_ number: UInt8, _ bytes: [UInt8]) -> Packet { .data([number] + bytes) }
    private static func words(_ text: String) -> Packet { band(2, Array(text.utf8)) }
    private static func report(_ lines: String...) -> [UInt8] { (lines.map { .line($0) } + [.flush]).encoded }

    /// - Returns: the report, and how many packets it took.
    private static func read(
        _ packets: [Packet], usesSideBand: Bool = true
    ) throws(GitError) -> (report: PushReport, count: Int) {
        var report = PushReport(refs: [ref], usesSideBand: usesSideBand)
        for (index, packet) in packets.enumerated() {
            if try report.receive(packet) { return (report, index + 1) }
        }
        return (report, 0)
    }

    private static func code(_ packets: [Packet], usesSideBand: Bool = true) -> String? {
        do throws(GitError) { _ = try read(packets, usesSideBand: usesSideBand) } catch { return error.code }
        return nil
    }

    @Test func `a report is read from band 1 in whatever pieces it comes`() throws {
        let bytes = Self.report("unpack ok", "ok \(Self.ref)", "option refname refs/heads/other")
        for size in [1, 3, 7, bytes.count] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Self.band(1, Array(bytes[$0..<min($0 + size, bytes.count)]))
            }
            let packets =
                [Self.words("remote says\nand "), Self.band(1, [])] + pieces + [Self.words("more\n"), .flush]
            let (report, count) = try Self.read(packets)
            #expect(report.sent.verdict == .accepted)
            #expect(report.messages == ["remote says", "and more"])
            #expect(count == packets.count)
        }
    }

    @Test func `without side bands it is the answer itself`() throws {
        let packets: [Packet] = [.line("unpack ok"), .line("ng \(Self.ref) hook declined"), .flush]
        let (report, count) = try Self.read(packets, usesSideBand: false)
        #expect(report.sent.verdict == .rejected("hook declined"))
        #expect(count == 3)
    }

    /// What the pack's fate was comes first, and is the reason for the ref's.
    @Test func `a pack that wasn't taken is the reason`() throws {
        let bytes = Self.report("unpack index-pack abnormal exit", "ng \(Self.ref) unpacker error")
        #expect(
            try Self.read([Self.band(1, bytes), .flush]).report.sent.verdict
                == .rejected("unpacker error: index-pack abnormal exit"))
    }

    @Test func `progress that is overwritten, and what a terminal would obey, is left out`() throws {
        let (report, _) = try Self.read([
            Self.words("Resolving deltas:  50%\rResolving deltas: 100%\r"), Self.words("Resolving: done.\n\n"),
            Self.words("\u{1B}[2Jred\u{7}\n"), Self.band(1, Self.report("unpack ok", "ok \(Self.ref)")), .flush,
        ])
        #expect(report.messages == ["Resolving: done.", "[2Jred"])
    }

    @Test func `an endless hook fills no memory`() throws {
        var report = PushReport(refs: [Self.ref], usesSideBand: true)
        let line = Self.words(String(repeating: "x", count: 60_000) + "\n")
        for _ in 0..<500 { #expect(try report.receive(line) == false) }
        #expect(report.messages.count == 100)
        #expect(report.messages.allSatisfy { $0.utf8.count < 600 })
    }

    /// Known before the hooks that follow a push have ended.
    @Test func `the verdict stands once the report does`() throws {
        let (report, count) = try Self.read([Self.band(1, Self.report("unpack ok", "ok \(Self.ref)"))])
        #expect(report.isComplete && report.sent.verdict == .accepted && count == 0)
    }

    @Test func `what breaks the protocol is told`() {
        let rows: [([Packet], String)] = [
            ([.flush], "connection-lost"), ([.delimiter], "protocol"), ([.data([9, 1])], "protocol"),
            ([Self.band(3, Array("disk full\n".utf8))], "server-error"), ([.line("ERR no such thing")], "server-error"),
            ([Self.band(1, Self.report("unpack ok"))], "protocol"),
            ([Self.band(1, Self.report("ok \(Self.ref)"))], "protocol"),
            ([Self.band(1, Self.report("unpack ok", "ok refs/heads/other"))], "protocol"),
            ([Self.band(1, Array("zzzz".utf8))], "packet-malformed"),
        ]
        for (index, row) in rows.enumerated() { #expect(Self.code(row.0) == row.1, "row \(index)") }
    }
}
