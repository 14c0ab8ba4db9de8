import Descriptors
import Documents
import Testing

/// Edits touch the version's own bytes and nothing else.
@Suite struct DescriptorEditTests {
    private static func edit(
        _ text: String, _ versions: [String: String]
    ) throws -> DescriptorEdit {
        let parsed = try versions.mapValues { try AppVersion($0) }
        return try DescriptorEdit(parsed, in: Array(text.utf8), file: "d.yaml")
    }

    private static func edited(_ text: String, _ versions: [String: String]) throws -> String {
        String(decoding: try edit(text, versions).bytes, as: UTF8.self)
    }

    private static let old = "1.0.0-rc-0123456"
    private static let new = "1.10.0-release-89abcdef"

    /// Each way in which a version can be written.
    @Test(arguments: [
        ("- {name: a, version: OLD}", "- {name: a, version: NEW}"),
        ("- name: a\n  version: OLD", "- name: a\n  version: NEW"),
        ("- name: a\n  version: OLD # OLD\n", "- name: a\n  version: NEW # OLD\n"),
        ("- name: a\n  version: 'OLD'\n", "- name: a\n  version: 'NEW'\n"),
        ("- name: a\n  \"version\" : \"OLD\"\n", "- name: a\n  \"version\" : \"NEW\"\n"),
        ("- version:\n      OLD\n  name: a\n", "- version:\n      NEW\n  name: a\n"),
        ("- name: a\n  version: |-\n    OLD\n", "- name: a\n  version: |-\n    NEW\n"),
        // The comment of a block scalar's header is no version, and neither is what follows it.
        ("- name: a\n  version: >- # OLD\n    OLD\n# OLD\n", "- name: a\n  version: >- # OLD\n    NEW\n# OLD\n"),
        // Written with escapes, or over two lines, only what is between the quotes can be replaced.
        ("- name: a\n  version: \"1\\x2e0.0-rc-0123456\" #\n", "- name: a\n  version: \"NEW\" #\n"),
        ("- name: a\n  version: \"1.0.0-rc-\\\n    0123456\"\n", "- name: a\n  version: \"NEW\"\n"),
        ("- {version: OLD, name: a, image: a/OLD}", "- {version: NEW, name: a, image: a/OLD}"),
        ("- {\"name\":\"a\",\"version\":\"OLD\"}", "- {\"name\":\"a\",\"version\":\"NEW\"}"),
    ])
    func `the version alone is replaced`(_ before: String, _ after: String) throws {
        func filled(_ text: String) -> String {
            "apps:\n" + text.replacing("OLD", with: Self.old).replacing("NEW", with: Self.new)
        }
        #expect(try Self.edited(filled(before), ["a": Self.new]) == filled(after))
    }

    /// Generated files in every style that people and programs write; what is expected is put together beside the file, not by
    /// an editor.
    @Test(arguments: 0..<400) func `of any descriptor`(_ seed: UInt64) throws {
        let file = GeneratedDescriptor(seed: seed)
        let before = file.text(changed: false)
        let after = file.text(changed: true)
        let edit = try DescriptorEdit(
            try file.newVersions.mapValues { try AppVersion($0) }, in: before, file: "d.yaml")
        #expect(edit.bytes == after, "\(String(decoding: before, as: UTF8.self))")
        let parsed = try Descriptor.parse(edit.bytes, file: "d.yaml")
        for app in parsed.apps { #expect(app.version.text == file.newVersions[app.name] ?? file.oldVersions[app.name]) }
        #expect(Set(edit.changes.map(\.app)) == Set(file.newVersions.keys))
        #expect(edit.changes.map(\.app) == parsed.apps.map(\.name).filter { file.newVersions[$0] != nil })
    }

    @Test func `what is there already is no change`() throws {
        let text = "apps: [{name: a, version: \(Self.old)}, {name: b, version: \(Self.old)}]"
        let same = try Self.edit(text, ["a": Self.old])
        #expect(same.changes.isEmpty)
        #expect(same.bytes == Array(text.utf8))
        #expect(same.diff(path: "d").isEmpty)
        #expect(try Self.edit(text, ["a": Self.old, "b": Self.new]).changes.map(\.app) == ["b"])
    }

    @Test func `each unknown app is told, with the nearest name`() throws {
        do {
            _ = try Self.edit("apps: [{name: backend, version: \(Self.old)}]", ["bakend": Self.new, "zzz": Self.new])
            Issue.record("unknown apps were taken")
        } catch let error as Refused {
            #expect(error.diagnostics.map(\.code) == ["unknown-app", "unknown-app"])
            #expect(error.diagnostics.first?.hint == "Did you mean \"backend\"?")
        }
        // A descriptor that is refused anyway is not edited.
        #expect(throws: Refused.self) { try Self.edit("apps: [{name: a, version: latest}]", ["a": Self.new]) }
    }

    @Test func `a diff has three lines around each change`() throws {
        let names = (0..<9).map { "a\($0)" }
        let text = "apps:\n" + names.map { "  - name: \($0)\n    version: \(Self.old)\n" }.joined()
        let diff = try Self.edit(text, ["a0": Self.new, "a7": Self.new, "a8": Self.new]).diff(path: "d.yaml")
        #expect(
            diff == """
                --- a/d.yaml
                +++ b/d.yaml
                @@ -1,6 +1,6 @@
                 apps:
                   - name: a0
                -    version: \(Self.old)
                +    version: \(Self.new)
                   - name: a1
                     version: \(Self.old)
                   - name: a2
                @@ -14,6 +14,6 @@
                   - name: a6
                     version: \(Self.old)
                   - name: a7
                -    version: \(Self.old)
                +    version: \(Self.new)
                   - name: a8
                -    version: \(Self.old)
                +    version: \(Self.new)

                """)
    }

    @Test func `a diff tells of several changes in one line, of joined lines, and of a missing line feed`() throws {
        let flow = "apps: [{name: a, version: \(Self.old)}, {name: b, version: \(Self.old)}]"
        #expect(
            try Self.edit(flow, ["a": Self.new, "b": Self.new]).diff(path: "d") == """
                --- a/d
                +++ b/d
                @@ -1,1 +1,1 @@
                -\(flow)
                \\ No newline at end of file
                +\(flow.replacing(Self.old, with: Self.new))
                \\ No newline at end of file

                """)
        let two = "apps:\n- version: \"1.0.0-rc-\\\n    0123456\"\n  name: a\n"
        #expect(
            try Self.edit(two, ["a": Self.new]).diff(path: "d") == """
                --- a/d
                +++ b/d
                @@ -1,4 +1,3 @@
                 apps:
                -- version: "1.0.0-rc-\\
                -    0123456"
                +- version: "\(Self.new)"
                   name: a

                """)
    }
}
