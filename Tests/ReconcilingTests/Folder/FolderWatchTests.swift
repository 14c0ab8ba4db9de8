import Documents
import Reconciling
import Synchronization
import TestServers
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A folder as the kubelet mounts a ConfigMap: every file is a link into `..data`, which is a link to a folder with the
/// time in its name, and is exchanged for another one as a whole.
///
/// Source: Kubernetes, pkg/volume/util/atomic_writer.go.
final class MountedConfigMap: Sendable {
    let folder: TemporaryFolder
    private let versions = Mutex(0)

    var path: String { folder.path }

    init(_ files: [String: String]) throws {
        folder = try TemporaryFolder()
        try exchange(files)
    }

    func exchange(_ files: [String: String]) throws {
        let version = versions.withLock { count in
            count += 1
            return "..2026_11_21_12_00_\(count)"
        }
        let old = FolderNames.target(path + "/..data")
        _ = try folder.folder(version)
        for (name, text) in files { try folder.write("\(version)/\(name)", text) }
        symlink(version, path + "/..data_tmp")
        rename(path + "/..data_tmp", path + "/..data")
        for name in files.keys { symlink("..data/" + name, path + "/" + name) }
        for name in TemporaryFolder.names(in: path) where !name.hasPrefix("..") && files[name] == nil {
            unlink(path + "/" + name)
        }
        if let old { TemporaryFolder.delete(path + "/" + old) }
    }
}

enum FolderNames {
    static func target(_ link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A clock whose sleeps end at once and do something first: what happens between two looks.
private struct Looks: Clock {
    typealias Instant = ContinuousClock.Instant
    let between: @Sendable () throws -> Void

    var now: Instant { .now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        try between()
    }
}

/// Changes are found without anybody saying that there is one.
@Suite struct FolderWatchTests {
    @Test func aMountedConfigMapIsFollowed() async throws {
        let map = try MountedConfigMap(["DEV.yaml": FolderReadingTests.file("DEV")])
        let looks = Mutex(0)
        let watch = FolderWatch(
            EnvironmentFolder(path: map.path),
            clock: Looks {
                // The first two looks find nothing new, also where the same contents were written again.
                let look = looks.withLock { count in
                    count += 1
                    return count
                }
                switch look {
                case 2: try map.exchange(["DEV.yaml": FolderReadingTests.file("DEV")])
                case 3: try map.exchange(["LIVE.yaml": FolderReadingTests.file("LIVE")])
                case 4: try map.exchange([:])
                default: break
                }
            })
        var readings = watch.makeAsyncIterator()
        #expect(await readings.next()?.environments.map(\.name) == ["DEV"])
        #expect(await readings.next()?.environments.map(\.name) == ["LIVE"])
        #expect(looks.withLock { $0 } == 3)
        #expect(await readings.next()?.failure?.code == "no-environments")
    }

    /// A folder that comes back is taken up again, and a failure that goes on is told once.
    @Test func aFolderThatIsNotThereYetIsWaitedFor() async throws {
        let parent = try TemporaryFolder()
        let looks = Mutex(0)
        let watch = FolderWatch(
            EnvironmentFolder(path: parent.path + "/environments"),
            clock: Looks {
                let look = looks.withLock { count in
                    count += 1
                    return count
                }
                guard look == 3 else { return }
                _ = try parent.folder("environments")
                try parent.write("environments/DEV.yaml", FolderReadingTests.file("DEV"))
            })
        var readings = watch.makeAsyncIterator()
        #expect(await readings.next()?.failure?.code == "unreadable-folder")
        #expect(await readings.next()?.environments.map(\.name) == ["DEV"])
        #expect(looks.withLock { $0 } == 3)
    }

    /// A certificate is read when a connection is made, so a renewed one makes its environment another one. Tokens are read anew
    /// at each use, so they do not.
    @Test func aRenewedCertificateIsAChangeOfItsEnvironment() async throws {
        let folder = try TemporaryFolder()
        let more = "git: {clientCertificate: tls.crt, clientKey: tls.key, tokenFile: token}"
        try folder.write("DEV.yaml", FolderReadingTests.file("DEV", more: more))
        try folder.write("LIVE.yaml", FolderReadingTests.file("LIVE", more: "git: {tokenFile: token}"))
        for name in ["tls.crt", "tls.key", "token"] { try folder.write(name, "old") }
        let looks = Mutex(0)
        let watch = FolderWatch(
            EnvironmentFolder(path: folder.path),
            clock: Looks {
                let look = looks.withLock { count in
                    count += 1
                    return count
                }
                switch look {
                case 1: try folder.write("token", "new")
                case 2: try folder.write("tls.crt", "new")
                case 3: TemporaryFolder.delete(folder.path + "/tls.key")
                default: break
                }
            })
        var readings = watch.makeAsyncIterator()
        var active = ActiveConfiguration()
        _ = active.take(try #require(await readings.next()))
        for expected in [2, 3] {
            let changes = active.take(try #require(await readings.next()))
            #expect(looks.withLock { $0 } == expected)
            #expect(changes.changed.map(\.name) == ["DEV"] && changes.added.isEmpty && changes.removed.isEmpty)
        }
        #expect(active.isValid)
    }

    @Test func cancellationEndsIt() async throws {
        let map = try MountedConfigMap(["DEV.yaml": FolderReadingTests.file("DEV")])
        let watch = FolderWatch(EnvironmentFolder(path: map.path))
        let count = Task {
            var count = 0
            for await _ in watch { count += 1 }
            return count
        }
        count.cancel()
        #expect(await count.value <= 1)
    }

    /// The exchange is atomic for whoever reads: of two files that change together never one is old and the other new.
    @Test func whatChangesTogetherCountsTogether() async throws {
        func files(_ namespace: String) -> [String: String] {
            [
                "DEV.yaml": FolderReadingTests.file("DEV", namespace: namespace),
                "LIVE.yaml": FolderReadingTests.file("LIVE", namespace: namespace),
            ]
        }
        let map = try MountedConfigMap(files("n0"))
        let folder = EnvironmentFolder(path: map.path)
        let writer = Task.detached {
            for turn in 1...200 { try map.exchange(files("n\(turn)")) }
        }
        var mixed = 0
        for _ in 0..<200 {
            let namespaces = Set(folder.read().environments.map(\.namespace))
            if namespaces.count > 1 { mixed += 1 }
        }
        try await writer.value
        #expect(mixed == 0)
        #expect(folder.read().environments.map(\.namespace) == ["n200", "n200"])
    }
}
