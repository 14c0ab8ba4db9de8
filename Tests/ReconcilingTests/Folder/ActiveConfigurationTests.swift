import Documents
import Reconciling
import TestServers
import Testing

/// What of a folder is in force after each of its changes.
@Suite struct ActiveConfigurationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, namespace: String? = nil, more: String = "") throws {
        try folder.write(name + ".yaml", FolderReadingTests.file(name, namespace: namespace, more: more))
    }

    private func remove(_ name: String) { TemporaryFolder.delete("\(folder.path)/\(name).yaml") }

    private func take(_ configuration: inout ActiveConfiguration) -> ConfigurationChanges {
        configuration.take(EnvironmentFolder(path: folder.path).read())
    }

    @Test func filesComeChangeAndGo() throws {
        var active = ActiveConfiguration()
        try write("DEV")
        try write("STAGE")
        #expect(take(&active).added.map(\.name) == ["DEV", "STAGE"])
        #expect(take(&active).isEmpty)
        try write("DEV", more: "drift: report")
        try write("LIVE")
        remove("STAGE")
        let changes = take(&active)
        #expect(changes.added.map(\.name) == ["LIVE"])
        #expect(changes.changed.map(\.drift) == [.report])
        #expect(changes.removed == ["STAGE"])
        #expect(active.environments.keys.sorted() == ["DEV", "LIVE"])
        #expect(active.isValid && active.reasons.isEmpty)
    }

    @Test func theLastGoodVersionStaysInForce() throws {
        var active = ActiveConfiguration()
        try write("DEV", more: "drift: report")
        _ = take(&active)
        try write("DEV", more: "drift: reprot\nregistri: x")
        let changes = take(&active)
        #expect(changes.isEmpty)
        #expect(changes.refused.map(\.file) == ["DEV.yaml"] && changes.refused[0].leavesInForce)
        #expect(active.environments["DEV"]?.drift == .report)
        #expect(!active.isValid)
        #expect(
            active.reasons == [
                "DEV.yaml is refused; its last good version stays in force: \(folder.path)/DEV.yaml:5:8: "
                    + "error[unknown-choice]: \"reprot\" is not a choice for drift. Did you mean \"report\"? And 1 more."
            ])
        #expect(take(&active).refused.isEmpty, "the same refusal is told once")
        try write("DEV", more: "drift: correct")
        let mended = take(&active)
        #expect(mended.mended == ["DEV.yaml"] && mended.changed.map(\.drift) == [.correct])
        #expect(active.isValid)
    }

    /// A file that was never good has no version to stay in force, and is no reason to leave out the others.
    @Test func aNewFileThatIsRefusedRunsNothing() throws {
        var active = ActiveConfiguration()
        try write("DEV")
        try folder.write("LIVE.yaml", "environment: [")
        let changes = take(&active)
        #expect(changes.added.map(\.name) == ["DEV"])
        #expect(changes.refused.map(\.leavesInForce) == [false])
        #expect(active.reasons.count == 1 && active.reasons[0].contains("the environment is not run"))
        remove("LIVE")
        #expect(take(&active).mended == ["LIVE.yaml"])
        #expect(active.isValid)
    }

    /// Unreadable is not removed.
    @Test func whatCannotBeReadTakesNothingAway() throws {
        var active = ActiveConfiguration()
        try write("DEV")
        try write("LIVE")
        _ = take(&active)
        remove("DEV")
        _ = try folder.folder("DEV.yaml")
        #expect(take(&active).isEmpty)
        #expect(active.refused["DEV.yaml"]?.diagnostics.map(\.code) == ["unreadable-file"])
        #expect(active.environments.count == 2)

        let missing = EnvironmentFolder(path: folder.path + "/missing").read()
        let changes = active.take(missing)
        #expect(changes.isEmpty && changes.failure?.code == "unreadable-folder")
        #expect(active.environments.count == 2 && !active.isValid && active.reasons.count == 2)
        #expect(active.take(missing).failure == nil, "the same failure is told once")
        TemporaryFolder.delete(folder.path + "/DEV.yaml")
        #expect(take(&active).removed == ["DEV"])
        #expect(active.isValid)
    }

    /// `DEV` and `dev` in one namespace would have one Lease and one history.
    @Test func namesThatDifferByCaseOnlyAreRefused() throws {
        var active = ActiveConfiguration()
        try write("DEV", namespace: "shop")
        try write("Dev", namespace: "other")
        _ = take(&active)
        #expect(active.environments.count == 2, "in another namespace they are other objects")

        try write("dev", namespace: "shop")
        #expect(take(&active).isEmpty)
        #expect(active.refused.keys.sorted() == ["dev.yaml"], "what is in force stays so")
        #expect(active.refused["dev.yaml"]?.diagnostics.map(\.code) == ["ambiguous-name"])

        // The file of what is in force being broken makes no place for another.
        try folder.write("DEV.yaml", "")
        #expect(take(&active).isEmpty)
        #expect(active.environments["DEV"] != nil && active.environments["dev"] == nil)

        // A move into the clash is refused, and the version before it stays.
        try write("DEV", namespace: "shop")
        remove("dev")
        try write("Dev", namespace: "shop")
        _ = take(&active)
        #expect(active.environments["Dev"]?.namespace == "other")
        #expect(active.refused["Dev.yaml"]?.leavesInForce == true)

        // One going and the other coming is no clash.
        remove("DEV")
        #expect(take(&active).changed.map(\.namespace) == ["shop"])
        #expect(active.isValid)
    }

    /// With nothing in force yet, neither is the right one.
    @Test func ofTwoNewNamesNeitherIsTaken() throws {
        var active = ActiveConfiguration()
        try write("DEV", namespace: "shop")
        try write("dev", namespace: "shop")
        try write("LIVE")
        #expect(take(&active).added.map(\.name) == ["LIVE"])
        #expect(active.refused.keys.sorted() == ["DEV.yaml", "dev.yaml"])
    }

    /// A step back makes place for no third: what each had before holds.
    @Test func aChainOfClashesEndsInWhatWasInForce() throws {
        var active = ActiveConfiguration()
        try write("DEV", namespace: "a")
        try write("dev", namespace: "b")
        _ = take(&active)
        try write("DEV", namespace: "b")
        try write("dev", namespace: "c")
        try write("Dev", namespace: "c")
        #expect(take(&active).isEmpty)
        #expect(active.environments.mapValues(\.namespace) == ["DEV": "a", "dev": "b"])
        #expect(active.refused.keys.sorted() == ["DEV.yaml", "Dev.yaml", "dev.yaml"])
    }

    /// Legitimate in two clusters; in one, each would deploy what the other does.
    @Test func environmentsOfOneTargetAreQuestionable() throws {
        var active = ActiveConfiguration()
        try write("DEV", namespace: "shop", more: "branch: main")
        try write("QA", namespace: "shop", more: "branch: main")
        try write("EU", namespace: "shop", more: "branch: main\ncluster: {context: eu}")
        try write("US", namespace: "shop", more: "branch: main\ndescriptor: us.yaml")
        let changes = take(&active)
        #expect(changes.added.count == 4)
        #expect(changes.warnings.map(\.code) == ["shared-target"])
        #expect(changes.warnings[0].message.contains("DEV and QA"))
        #expect(active.isValid && take(&active).warnings.isEmpty)
    }
}
