import Git
import TestServers
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The cache folder: what is fetched once isn't fetched again, damage is mended, and several may use it at once.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
struct CacheTests {
    private static func packs(_ reader: Reader) -> [String] {
        TemporaryFolder.files(below: reader.cache.path).filter { $0.hasSuffix(".pack") }
    }

    @Test func `what is in the cache is read without the server`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let reader = try Reader()
        let refs = try await reader.open(fixture.path) { repository in
            let refs = try await repository.refs()
            for (branch, tip) in refs.branches { _ = try await repository.fetch(branch: branch, tip: tip) }
            return refs
        }
        // All branches point at equal trees, so that one of the packs holds them.
        #expect(Self.packs(reader).count == 3)
        try await fixture.git("repack", "-adq")
        TemporaryFolder.delete(fixture.path + "/objects")
        try await reader.open(fixture.path) { repository in
            for (branch, commit) in refs.branches {
                let tip = try await repository.fetch(branch: branch, tip: commit)
                #expect(try await repository.file(at: "a", in: tip.commit) == Array("1\n".utf8))
            }
        }
        #expect(Self.packs(reader).count == 3)
    }

    @Test func `git reads the mirror as the bare repository it is`() async throws {
        let fixture = try await GitFixture()
        try await fixture.grow("DEV", by: 20)
        let reader = try Reader()
        let tip = try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV"))
            try await repository.accept(tip)
            return tip
        }
        let names = TemporaryFolder.names(in: reader.options.cacheDirectory)
        let folder = try #require(names.first { !$0.hasSuffix(".lock") })
        let mirror = reader.options.cacheDirectory + "/" + folder
        #expect(folder.hasPrefix("deployments-"))
        let seen = try await Program.run("git", ["-C", mirror, "log", "--format=%H", "DEV"])
        #expect(seen == "\(tip.commit)\n", "a shallow history of one commit")
        try await Program.run("git", ["-C", mirror, "fsck", "--strict"])
    }

    /// git searches the file of all refs by bisection, in the order of the names' bytes: that of "e" and an accent is before "f".
    @Test func `git finds every branch in the mirror, whatever its name`() async throws {
        let fixture = try await GitFixture()
        let names = ["Z", "b", "b-c", "b.c", "c/d", "c0", "e\u{301}", "f", "\u{FB01}", "\u{1F600}"]
        for (index, name) in names.enumerated() {
            try await fixture.commit(to: name, ["a": .text(name)], time: 1_750_000_000 + index)
        }
        let reader = try Reader()
        let tips = try await reader.open(fixture.path) { repository in
            let tips = try await repository.refs().branches
            try await repository.fetch(tips: tips)
            for (branch, tip) in tips {
                try await repository.accept(try await repository.fetch(branch: branch, tip: tip))
            }
            return tips
        }
        #expect(tips.count == names.count)
        let folder = TemporaryFolder.names(in: reader.options.cacheDirectory).first { !$0.hasSuffix(".lock") }
        let mirror = reader.options.cacheDirectory + "/" + (try #require(folder))
        for (branch, tip) in tips {
            for ref in ["refs/heads/\(branch)", "refs/descry/accepted/\(branch)"] {
                #expect(
                    try await Program.run("git", ["-C", mirror, "rev-parse", "--verify", ref]) == "\(tip)\n", "\(ref)")
            }
        }
    }

    /// Every part of the cache spoiled in turn: the next look mends it, and nothing of that reaches the user.
    enum Damage: String, CaseIterable {
        case truncatedPack, flippedBytes, missingPack, missingIndex, truncatedIndex, noObjects, garbageRefs
        case garbageShallow, noHead, emptyFolder
    }

    @Test(arguments: Damage.allCases)
    func `a damaged cache is fetched anew`(_ damage: Damage) async throws {
        let fixture = try await GitFixture()
        try await fixture.grow("DEV", by: 5)
        try await fixture.commit(to: "DEV", ["a": "1\n", "b/c": "2\n"], time: 1_700_001_000)
        let reader = try Reader()
        let branch = try BranchName("DEV")
        let first = try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: branch)
            try await repository.accept(tip)
            return tip
        }
        try damaging(reader, damage)
        try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: branch)
            #expect(tip.commit == first.commit)
            #expect(try await repository.file(at: "a", in: tip.commit) == Array("1\n".utf8))
            #expect(try await repository.file(at: "b/c", in: tip.commit) == Array("2\n".utf8))
            // What was accepted survives wherever it could still be read.
            let isForgotten = [.garbageRefs, .emptyFolder].contains(damage)
            #expect(tip.previous == (isForgotten ? nil : first.commit))
            #expect(!tip.isRewrite)
            try await fixture.commit(to: "DEV", ["a": "3\n"], time: 1_700_002_000)
            let next = try await repository.update(branch: branch)
            #expect(try await repository.file(at: "a", in: next.commit) == Array("3\n".utf8))
        }
    }

    private func damaging(_ reader: Reader, _ damage: Damage) throws {
        let files = TemporaryFolder.files(below: reader.cache.path)
        let pack = try #require(files.first { $0.hasSuffix(".pack") })
        let index = try #require(files.first { $0.hasSuffix(".idx") })
        let packed = try #require(files.first { $0.hasSuffix("/packed-refs") })
        let mirror = String(packed.dropLast("/packed-refs".count))
        for file in [pack, index] { chmod(file, 0o600) }
        switch damage {
        case .truncatedPack: truncate(pack, 40)
        case .truncatedIndex: truncate(index, 40)
        case .flippedBytes: try TemporaryFolder.write(pack, [UInt8](repeating: 0x55, count: 400))
        case .missingPack: TemporaryFolder.delete(pack)
        case .missingIndex: TemporaryFolder.delete(index)
        case .noObjects: TemporaryFolder.delete(mirror + "/objects")
        case .garbageRefs: try TemporaryFolder.write(packed, [0, 1, 2, 0xff])
        case .garbageShallow: try TemporaryFolder.write(mirror + "/shallow", Array("nonsense\n".utf8))
        case .noHead: TemporaryFolder.delete(mirror + "/HEAD")
        case .emptyFolder: for name in TemporaryFolder.names(in: mirror) { TemporaryFolder.delete(mirror + "/" + name) }
        }
    }

    /// Damage that only shows when a file is read: the commit and its folder are whole.
    @Test func `a damaged file is fetched when it is read`() async throws {
        let fixture = try await GitFixture()
        // Bytes that can't be compressed, so that the middle of the pack is the file's.
        var state: UInt64 = 42
        let bytes = (0..<200_000).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        try await fixture.commit(to: "DEV", ["a": .bytes(bytes)])
        let reader = try Reader()
        try await reader.open(fixture.path) { _ = try await $0.update(branch: BranchName("DEV")) }
        let pack = try #require(Self.packs(reader).first)
        chmod(pack, 0o600)
        let descriptor = open(pack, O_WRONLY)
        #expect(pwrite(descriptor, [UInt8](repeating: 0, count: 64), 64, 100_000) == 64)
        close(descriptor)
        try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV"))
            #expect(Self.packs(reader) == [pack], "nothing was found to be wrong yet")
            #expect(try await repository.file(at: "a", in: tip.commit) == bytes)
        }
    }

    @Test func `a commit that went with the cache is fetched when it is read`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let reader = try Reader()
        let tip = try await reader.open(fixture.path) { try await $0.update(branch: BranchName("DEV")) }
        TemporaryFolder.delete(reader.cache.path + "/cache")
        try await reader.open(fixture.path) { repository in
            #expect(try await repository.file(at: "a", in: tip.commit) == Array("1\n".utf8))
            let unknown = try CommitID(String(repeating: "7", count: 40))
            #expect(try await code { _ = try await repository.file(at: "a", in: unknown) } == "commit-gone")
        }
    }

    /// What a process leaves behind that was killed while it took in a pack, moved it, or replaced a file.
    @Test func `the remains of a killed process do no harm and go`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let reader = try Reader()
        _ = try await reader.text("a", of: "DEV", at: fixture.path)
        let pack = try #require(Self.packs(reader).first)
        let mirror = String(pack.prefix(upTo: try #require(pack.firstRange(of: "/objects/")).lowerBound))
        let incoming = mirror + "/incoming-1"
        #expect(mkdir(incoming, 0o700) == 0)
        try TemporaryFolder.write(incoming + "/pack_git2_half", Array("PACK".utf8))
        try TemporaryFolder.write(mirror + "/packed-refs.1.new", Array("half".utf8))
        // Moved already, but its index not yet.
        try TemporaryFolder.write(
            mirror + "/objects/pack/pack-\(String(repeating: "1", count: 40)).pack", Array("PACK".utf8))
        #expect(try await reader.text("a", of: "LIVE", at: fixture.path) == "1\n")
        let names = TemporaryFolder.names(in: mirror)
        #expect(!names.contains { $0.hasPrefix("incoming") || $0.hasSuffix(".new") })
    }

    /// Branches that can't be files beside each other, as one follows the other.
    @Test func `a branch may become a folder of branches`() async throws {
        let fixture = try await GitFixture()
        try await fixture.commit(to: "env", ["a": "1\n"])
        let reader = try Reader()
        #expect(try await reader.text("a", of: "env", at: fixture.path) == "1\n")
        try await fixture.delete("env")
        try await fixture.commit(to: "env/dev", ["a": "2\n"])
        #expect(try await reader.text("a", of: "env/dev", at: fixture.path) == "2\n")
    }

    @Test func `many readers share one cache`() async throws {
        let fixture = try await GitFixture()
        for index in 0..<8 { try await fixture.commit(to: "env-\(index)", ["a": .text("\(index)\n")]) }
        let reader = try Reader()
        try await withThrowingTaskGroup { group in
            for index in 0..<24 {
                group.addTask {
                    let text = try await reader.text("a", of: "env-\(index % 8)", at: fixture.path)
                    #expect(text == "\(index % 8)\n")
                }
            }
            try await group.waitForAll()
        }
        #expect(Self.packs(reader).count <= 8, "whoever waited found the commit there")
    }

    @Test func `a lock that is held ends in an error at its deadline`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        var reader = try Reader()
        _ = try await reader.text("a", of: "DEV", at: fixture.path)
        let name = try #require(
            TemporaryFolder.names(in: reader.options.cacheDirectory).first { $0.hasSuffix(".lock") })
        let descriptor = open(reader.options.cacheDirectory + "/" + name, O_RDWR)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        reader.options.deadlines.lock = .milliseconds(50)
        let held = reader
        #expect(try await held.text("a", of: "DEV", at: fixture.path) == "1\n", "what is there takes no lock")
        try await fixture.commit(to: "DEV", ["a": "2\n"])
        #expect(try await code { _ = try await held.text("a", of: "DEV", at: fixture.path) } == "cache-locked")
        #expect(flock(descriptor, LOCK_UN) == 0)
        #expect(try await held.text("a", of: "DEV", at: fixture.path) == "2\n")
    }

    /// Each fetch leaves a pack; many of them would make every look-up slow.
    @Test func `packs don't pile up`() async throws {
        let fixture = try await GitFixture()
        try await fixture.commit(to: "DEV", ["a": "0\n"], time: 1_700_000_000)
        let reader = try Reader()
        try await reader.open(fixture.path) { repository in
            let branch = try BranchName("DEV")
            for index in 1...60 {
                try await fixture.commit(to: "DEV", ["a": .text("\(index)\n")], time: 1_700_000_000 + index * 60)
                let tip = try await repository.update(branch: branch)
                #expect(!tip.isRewrite)
                try await repository.accept(tip)
            }
            let tip = try await repository.update(branch: branch)
            #expect(try await repository.file(at: "a", in: tip.commit) == Array("60\n".utf8))
        }
        #expect(Self.packs(reader).count <= 50)
    }
}
