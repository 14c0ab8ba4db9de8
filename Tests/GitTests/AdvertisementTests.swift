import Testing

@testable import Git

/// A server's first words.
@Suite struct AdvertisementTests {
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)

    static func parse(_ packets: [Packet]) throws(GitError) -> Advertisement? {
        var parser = AdvertisementParser()
        for packet in packets {
            if let advertisement = try parser.receive(packet) { return advertisement }
        }
        return nil
    }

    private static func code(_ packets: [Packet]) -> String? {
        do throws(GitError) { _ = try parse(packets) } catch { return error.code }
        return nil
    }

    private static let v2: [Packet] = [
        .line("version 2"), .line("agent=git/2.39.5"), .line("ls-refs=unborn"),
        .line("fetch=shallow wait-for-done filter"),
        .line("object-format=sha1"), .flush,
    ]

    @Test func `version 2 is recognised with and without the service's line`() throws {
        for packets in [Self.v2, [.line("# service=git-upload-pack"), .flush] + Self.v2] {
            guard case .v2(let capabilities)? = try Self.parse(packets) else {
                Issue.record("no version 2")
                continue
            }
            #expect(capabilities.command("fetch", has: "shallow"))
            #expect(!capabilities.command("fetch", has: "sideband-all"))
            #expect(!capabilities.command("fetch", has: "shal"))
            #expect(capabilities.command("ls-refs", has: "unborn"))
            #expect(capabilities.values(of: "agent") == ["git/2.39.5"])
        }
    }

    @Test func `version 0 lists refs with symbolic and peeled ones`() throws {
        let first =
            "\(Self.one) HEAD\0multi_ack_detailed shallow symref=HEAD:refs/heads/DEV object-format=sha1 agent=git/1"
        for prefix in [[], [Packet.line("version 1")], [.line("# service=git-upload-pack"), .flush]] as [[Packet]] {
            let parsed = try Self.parse(
                prefix + [
                    .line(first), .line("\(Self.one) refs/heads/DEV"), .line("\(Self.two) refs/tags/v1"),
                    .line("\(Self.one) refs/tags/v1^{}"), .line("shallow \(Self.two)"), .flush,
                ])
            guard case .v0(let capabilities, let refs)? = parsed else {
                Issue.record("no version 0")
                continue
            }
            #expect(capabilities.contains("shallow"))
            #expect(refs.map(\.name) == ["HEAD", "refs/heads/DEV", "refs/tags/v1"])
            #expect(refs[0].symbolicTarget == "refs/heads/DEV")
            #expect(try refs[2].peeled == CommitID(Self.one))
            #expect(try RemoteRefs(refs).branches == [BranchName("DEV"): CommitID(Self.one)])
            #expect(RemoteRefs(refs).head?.description == "DEV")
        }
    }

    /// Old servers say nothing at all, newer ones send a line for the sake of its capabilities.
    @Test func `an empty repository has no refs`() throws {
        let zero = String(repeating: "0", count: 40)
        let rows: [[Packet]] = [
            [.flush], [.line("# service=git-upload-pack"), .flush, .flush],
            [.line("\(zero) capabilities^{}\0shallow symref=HEAD:refs/heads/DEV"), .flush],
        ]
        for packets in rows {
            guard case .v0(_, let refs)? = try Self.parse(packets) else {
                Issue.record("no version 0")
                continue
            }
            #expect(RemoteRefs(refs).branches.isEmpty)
        }
    }

    @Test func `what breaks the protocol is refused`() {
        let rows: [([Packet], String)] = [
            // Objects named by SHA-256, told in words or shown by a name's length.
            (
                [.line("version 2"), .line("ls-refs"), .line("fetch"), .line("object-format=sha256"), .flush],
                "sha256-repository"
            ),
            ([.line("\(String(repeating: "1", count: 64)) HEAD\0shallow"), .flush], "sha256-repository"),
            ([.line("\(Self.one) HEAD\0object-format=sha256"), .flush], "sha256-repository"),
            (
                [.line("version 2"), .line("ls-refs"), .line("fetch"), .line("object-format=md5"), .flush],
                "object-format"
            ),
            // Errors in the server's words.
            ([.line("ERR access denied or repository not exported: /x")], "repository-not-found"),
            ([.line("ERR upload-pack: not our ref \(Self.one)")], "commit-gone"), ([.line("ERR boom")], "server-error"),
            // No such thing as this.
            ([.line("# service=git-receive-pack")], "protocol"), ([.line("hello")], "protocol"),
            ([.line("xyz refs/heads/DEV\0shallow")], "protocol"), ([.delimiter], "protocol"),
            ([.responseEnd], "protocol"),
            ([.line("version 2"), .line("ls-refs"), .flush], "protocol"), ([.line("version 3")], "protocol"),
        ]
        for (packets, expected) in rows { #expect(Self.code(packets) == expected, "\(packets)") }
    }

    @Test func `lines of ls-refs are read`() throws {
        #expect(
            try LsRefs.ref("\(Self.one) refs/heads/DEV")
                == AdvertisedRef(name: "refs/heads/DEV", id: CommitID(Self.one)))
        #expect(try LsRefs.ref("\(Self.one) HEAD symref-target:refs/heads/DEV").symbolicTarget == "refs/heads/DEV")
        #expect(try LsRefs.ref("unborn HEAD symref-target:refs/heads/DEV").id == nil)
        #expect(try LsRefs.ref("\(Self.one) refs/tags/v peeled:\(Self.two)").peeled == CommitID(Self.two))
        for line in [
            "", Self.one, "\(Self.one) ", "xyz refs/heads/DEV", "ERR no", String(repeating: "1", count: 64) + " HEAD",
        ] {
            #expect(throws: GitError.self, "\(line)") { try LsRefs.ref(line) }
        }
    }

    /// A name that git wouldn't take can't be asked for, and must not spoil the others.
    @Test func `a branch of a bad name is left out`() throws {
        let refs = try RemoteRefs([
            LsRefs.ref("\(Self.one) refs/heads/DEV"), LsRefs.ref("\(Self.one) refs/heads/a..b"),
            LsRefs.ref("\(Self.one) refs/heads/-x"),
        ])
        #expect(refs.branches.keys.map(\.description) == ["DEV"])
    }

    @Test func `the request asks for branches only`() throws {
        guard case .v2(let capabilities)? = try Self.parse(Self.v2) else { return #expect(Bool(false)) }
        var decoder = PacketDecoder()
        decoder.append(LsRefs.request(capabilities, agent: "git/x"))
        var lines: [String?] = []
        while let packet = try decoder.next() { lines.append(packet.text) }
        #expect(
            lines == [
                "command=ls-refs", "agent=git/x", "object-format=sha1", nil, "peel", "symrefs", "unborn",
                "ref-prefix HEAD",
                "ref-prefix refs/heads/", nil,
            ])
    }
}
