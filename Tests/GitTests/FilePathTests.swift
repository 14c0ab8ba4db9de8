import Git
import TestServers
import Testing

/// What may stand at the descriptor's path, and what is refused there.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
struct FilePathTests {
    private static let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "a", count: 64))\nsize 12345\n"

    private func fixture() async throws -> GitFixture {
        let fixture = try await GitFixture()
        try await fixture.commit(
            to: "DEV",
            [
                "deploy-descriptor.yaml": "apps: []\n", "env/dev/apps.yaml": "apps: [] # deep\n", "empty.yaml": "",
                "link.yaml": .symlink("deploy-descriptor.yaml"), "linked": .symlink("env"),
                "module": .submodule(String(repeating: "1", count: 40)), "pointer.yaml": .text(Self.pointer),
                // Not a pointer: it only speaks of one, or is longer than pointers are.
                "about.yaml": .text("# " + Self.pointer),
                "long.yaml": .text(Self.pointer + String(repeating: "#", count: 1024)),
                "limit.yaml": .bytes([UInt8](repeating: 0x23, count: 8 << 20)),
                "large.yaml": .bytes([UInt8](repeating: 0x23, count: 8 << 20 | 1)),
                "binary.yaml": .bytes([0, 0xff, 0xfe, 0x0a]), "naïve name.yaml": "apps: []\n",
            ])
        return fixture
    }

    @Test func `regular files are read as they are`() async throws {
        let fixture = try await fixture()
        let reader = try Reader()
        let rows: [(String, Int)] = [
            ("deploy-descriptor.yaml", 9), ("env/dev/apps.yaml", 16), ("empty.yaml", 0), ("limit.yaml", 8 << 20),
            ("binary.yaml", 4), ("naïve name.yaml", 9), ("about.yaml", Self.pointer.utf8.count + 2),
        ]
        try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV"))
            for (path, size) in rows {
                #expect(try await repository.file(at: path, in: tip.commit).count == size, "\(path)")
            }
            #expect(try await repository.file(at: "binary.yaml", in: tip.commit) == [0, 0xff, 0xfe, 0x0a])
        }
    }

    /// Each with the code that says what stands there.
    @Test func `everything else is refused`() async throws {
        let fixture = try await fixture()
        let reader = try Reader()
        let rows: [(String, String)] = [
            // Things that aren't regular files, at the end of the path and on the way.
            ("env", "path-is-directory"), ("env/dev", "path-is-directory"), ("link.yaml", "path-is-symlink"),
            ("linked/dev/apps.yaml", "path-is-symlink"), ("module", "path-is-submodule"),
            ("module/apps.yaml", "path-is-submodule"), ("pointer.yaml", "path-is-lfs-pointer"),
            ("large.yaml", "file-too-large"),
            // Nothing there.
            ("none.yaml", "file-not-found"), ("env/none/apps.yaml", "file-not-found"),
            ("deploy-descriptor.yaml/x", "file-not-found"), ("Deploy-Descriptor.yaml", "file-not-found"),
            // No path inside a repository.
            ("", "path-invalid"), ("/etc/passwd", "path-invalid"), ("../x", "path-invalid"),
            ("env/../x", "path-invalid"),
            ("./x", "path-invalid"), ("env//dev", "path-invalid"), ("env/", "path-invalid"),
            (".git/config", "path-invalid"),
            ("a\0b", "path-invalid"), ("a\nb", "path-invalid"), (String(repeating: "a", count: 5000), "path-invalid"),
        ]
        try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV"))
            for (path, expected) in rows {
                let actual = try await code { _ = try await repository.file(at: path, in: tip.commit) }
                #expect(actual == expected, "\(path.prefix(40))")
            }
        }
    }

    @Test func `a missing file's error says what is there`() async throws {
        let fixture = try await fixture()
        let reader = try Reader()
        let rows = [
            ("Deploy-Descriptor.yaml", "case matters"), ("env/dev/none.yaml", "In env/dev/ there is: apps.yaml"),
            ("deploy-descriptor.yaml/x", "is a file, not a folder"),
        ]
        try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV"))
            for (path, words) in rows {
                do throws(GitError) {
                    _ = try await repository.file(at: path, in: tip.commit)
                    Issue.record("\(path) was read")
                } catch { #expect(error.hint?.contains(words) == true, "\(error)") }
            }
        }
    }

    @Test func `a commit tells author, time and subject without control characters`() async throws {
        let fixture = try await GitFixture()
        let id = try await fixture.commit(
            to: "DEV", ["a": "1"], message: "Deploy \u{1b}[31mred\u{7}\nand more\n\nbody", time: 1_750_000_123)
        try await Reader().open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV"))
            let info = try await repository.commit(tip.commit)
            #expect(info.id.description == id)
            #expect(info.author == "Dana Deploy")
            #expect(info.email == "dana@example.com")
            #expect(info.time == 1_750_000_123)
            #expect(info.subject == "Deploy [31mred and more")
        }
    }
}
