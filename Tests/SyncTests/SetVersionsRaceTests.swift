import Reconciling
import Reporting
import TestServers
import Testing

/// Fifty builds that end at the same moment.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)), .serialized)
struct SetVersionsRaceTests {
    @Test(arguments: SetScene.Way.available)
    func `fifty at once all land, none is lost, and each commit has its own change only`(_ way: SetScene.Way)
        async throws
    {
        let apps = (0..<50).map { "app-\($0 < 10 ? "0" : "")\($0)" }
        let scene = try await SetScene(way, apps: apps, isAlone: true)
        func version(_ index: Int) -> String { "2.0.\(index)-rc-020c8bb" }
        let reports = try await withThrowingTaskGroup(of: (Int, ChangeReport).self) { group in
            for (index, app) in apps.enumerated() {
                let assignment = "\(app)=\(version(index))"
                group.addTask { (index, try await scene.set([assignment])) }
            }
            var reports: [Int: ChangeReport] = [:]
            for try await (index, report) in group { reports[index] = report }
            return reports
        }
        let history = try await scene.history
        #expect(history.count == 51)
        #expect(reports.values.allSatisfy { $0.outcome == .committed })
        #expect(Set(reports.values.compactMap(\.commit?.id)) == Set(history.dropLast()))
        let descriptor = try await scene.descriptor
        for (index, app) in apps.enumerated() {
            #expect(descriptor.contains("  - name: \(app)  # it is \(app)\n    version: \"\(version(index))\"\n"))
        }
        // One line of one file each, and the app that the message names.
        let log = try await scene.fixture.git(
            "log", "--format=%(trailers:key=App,valueonly,separator=)", "--numstat", "DEV~50..DEV")
        let lines = log.split(separator: "\n").map(String.init)
        #expect(Set(lines.filter { $0.hasPrefix("app-") }) == Set(apps))
        #expect(lines.count { $0 == "1\t1\tdeploy-descriptor.yaml" } == 50)
        #expect(lines.count == 100)
        try await scene.fixture.git("fsck", "--strict", "--no-dangling")
    }
}
