import Documents
import Git
import Reconciling
import TestServers
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What is read of a folder, whatever lies in it.
@Suite struct FolderReadingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static func file(_ name: String, namespace: String? = nil, more: String = "") -> String {
        """
        environment: \(name)
        repository: https://git.example.com/shop.git
        namespace: \(namespace ?? "shop-" + name.lowercased())
        registry: nexus.example.com/shop
        \(more)

        """
    }

    private func read(_ variables: [String: String] = [:]) throws -> FolderReading {
        EnvironmentFolder(path: folder.path, variables: try .variables(variables)).read()
    }

    @Test func everyGoodFileIsAnEnvironment() throws {
        try folder.write("LIVE.yaml", Self.file("LIVE", more: "git: {tokenFile: token}"))
        try folder.write("DEV.yaml", Self.file("DEV"))
        let reading = try read()
        #expect(reading.environments.map(\.name) == ["DEV", "LIVE"])
        #expect(reading.refused.isEmpty && reading.warnings.isEmpty && reading.failure == nil)
        #expect(reading.environments[1].git.credentials.token == .file(folder.path + "/token"))
        #expect(try EnvironmentFolder(path: folder.path).names() == ["DEV", "LIVE"])
    }

    /// Variables go over all files, as for every command.
    @Test func variablesGoOverTheFiles() throws {
        try folder.write("DEV.yaml", Self.file("DEV"))
        #expect(try read(["DESCRY_DRIFT": "report"]).environments.map(\.drift) == [.report])
    }

    /// Neither editors' files and a ConfigMap's own, nor secrets and notes that lie beside the files.
    @Test func onlyEnvironmentFilesAreRead() throws {
        try folder.write("DEV.yaml", Self.file("DEV"))
        for name in [".DEV.yaml.swp", ".hidden.yaml", "token", "README.md", "DEV.yaml~"] { try folder.write(name, "x") }
        let reading = try read()
        #expect(reading.environments.map(\.name) == ["DEV"])
        #expect(reading.refused.isEmpty && reading.warnings.isEmpty)
    }

    /// An operator who writes `LIVE.yml` would otherwise wait for LIVE for ever.
    @Test(arguments: ["LIVE.yml", "LIVE.json"])
    func whatLooksLikeAnEnvironmentFileIsTold(name: String) throws {
        try folder.write("DEV.yaml", Self.file("DEV"))
        try folder.write(name, Self.file("LIVE"))
        let warnings = try read().warnings
        #expect(warnings.map(\.code) == ["ignored-file"] && warnings[0].file.hasSuffix("/" + name))
        #expect(warnings[0].severity == .warning)
    }

    /// One bad file never stops the others.
    @Test func whatIsRefusedIsTold() throws {
        try folder.write("DEV.yaml", Self.file("DEV"))
        try folder.write("typo.yaml", Self.file("typo", more: "regisry: x"))
        try folder.write("empty.yaml", "")
        try folder.write("half.yaml", "environment: half\n")
        try folder.write("copied.yaml", Self.file("DEV"))
        try folder.write("no name.yaml", Self.file("DEV"))
        try folder.write("large.yaml", Self.file("large") + String(repeating: "#", count: 1 << 20))
        _ = try folder.folder("folder.yaml")
        mkfifo(folder.path + "/pipe.yaml", 0o600)
        symlink("nowhere", folder.path + "/dangling.yaml")
        let reading = try read()
        #expect(reading.environments.map(\.name) == ["DEV"])
        let codes = reading.refused.mapValues { $0.diagnostics.map(\.code) }
        #expect(
            codes == [
                "typo.yaml": ["unknown-field"], "empty.yaml": ["empty-file"],
                "half.yaml": ["missing-setting", "missing-setting", "missing-setting"],
                "copied.yaml": ["environment-mismatch"], "no name.yaml": ["environment-mismatch"],
                "large.yaml": ["file-too-large"], "folder.yaml": ["unreadable-file"],
                "pipe.yaml": ["unreadable-file"], "dangling.yaml": ["unreadable-file"],
            ])
        #expect(reading.failure == nil)
    }

    @Test func aFileWithoutPermissionIsUnreadable() throws {
        try folder.write("DEV.yaml", Self.file("DEV"), mode: 0)
        let reading = try read()
        // Root reads everything, so as root there is nothing to see here.
        let expected: [String] = getuid() == 0 ? [] : ["DEV.yaml"]
        #expect(reading.refused.keys.sorted() == expected)
    }

    /// Neither can be told from a volume that is not mounted, so neither means that there are no environments any more.
    @Test func aFolderThatSaysNothingIsAFailure() throws {
        #expect(try read().failure?.code == "no-environments")
        let missing = EnvironmentFolder(path: folder.path + "/missing").read()
        #expect(missing.failure?.code == "unreadable-folder" && missing.environments.isEmpty)
        try folder.write("file", "")
        #expect(EnvironmentFolder(path: folder.path + "/file").read().failure?.code == "unreadable-folder")
        #expect(throws: Refused.self) { try EnvironmentFolder(path: folder.path + "/missing").names() }
    }

    /// The digest says whether there is anything to read anew.
    @Test func theDigestIsThatOfTheContents() throws {
        try folder.write("DEV.yaml", Self.file("DEV"))
        let first = try read().digest
        #expect(try read().digest == first)
        try folder.write("note.txt", "nothing to do with it")
        #expect(try read().digest == first)
        try folder.write("DEV.yaml", Self.file("DEV", more: "drift: report"))
        let second = try read().digest
        #expect(second != first)
        try folder.write("DEV.yaml", Self.file("DEV"))
        #expect(try read().digest == first)
        try folder.write("LIVE.yaml", "")
        #expect(try read().digest != first)
    }
}
