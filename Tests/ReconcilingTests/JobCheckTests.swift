import Reporting
import Testing
import Workloads

@testable import Reconciling

/// What a check by a Job decides without a cluster.
@Suite struct JobCheckTests {
    /// A Job's name is a label of its pods: 63 characters, and no dash or dot in front of another dash.
    @Test(arguments: [
        ("smoke", "smoke"), (String(repeating: "a", count: 60), String(repeating: "a", count: 43)),
        (String(repeating: "a", count: 42) + ".b", String(repeating: "a", count: 42)),
    ])
    func namesFit(template: String, begin: String) throws {
        let name = JobCheck.jobName(after: template, commit: "a1b2c3d4e5f6")
        #expect(name.utf8.count <= 63)
        let match = try #require(name.wholeMatch(of: /(.*)-descry-a1b2c3-[bcdfghjklmnpqrstvwxz2456789]{5}/))
        #expect(match.1 == begin)
    }

    @Test(arguments: [
        ("", [String]()), ("one\n", ["one"]), ("one\r\ntwo", ["one", "two"]), ("one\n\ntwo\n", ["one", "", "two"]),
        ((1...30).map { "\($0)\n" }.joined(), (11...30).map { "\($0)" }),
    ])
    func aLogsLastLinesAreKept(text: String, lines: [String]) {
        #expect(LogTail.lines(of: text) == lines)
    }

    /// The last lines are what matters, so the first ones go; of one that is longer than all the room, its beginning stays.
    @Test func aLogIsCutToItsLastBytes() {
        let wide = String(repeating: "x", count: 1500)
        #expect(LogTail.lines(of: "\(wide)\n\(wide)\n\(wide)\nend\n") == [wide, wide, "end"])
        let line = LogTail.lines(of: String(repeating: "y", count: 9000))
        #expect(line.count == 1 && line[0].utf8.count == LogTail.bytes && line[0].hasSuffix("…"))
    }

    private func pod(_ reason: String, phase: String = "Pending", uid: String = "1") -> PodState {
        PodState(
            name: "smoke-1", uid: uid, phase: phase, containers: [],
            containerStates: [
                .init(name: "smoke", isReady: false, phase: .waiting(reason: reason, message: "words"))
            ])
    }

    /// A pull that fails once may pass; one that fails for twenty seconds does not. A pod made anew begins anew, and creating
    /// is no problem.
    @Test func aPodMayTakeAWhileToStart() {
        var problems = StartProblems()
        #expect(problems.overdue([pod("ErrImagePull")], at: .seconds(1)) == nil)
        #expect(problems.text == "pod smoke-1: ErrImagePull: words")
        #expect(problems.overdue([pod("ImagePullBackOff")], at: .seconds(20)) == nil)
        #expect(problems.overdue([pod("ImagePullBackOff", uid: "2")], at: .seconds(22)) == nil)
        #expect(problems.overdue([pod("ContainerCreating", uid: "2")], at: .seconds(30)) == nil)
        #expect(problems.overdue([pod("ErrImagePull", uid: "2")], at: .seconds(43)) == nil)
        let failure = problems.overdue([pod("ErrImagePull", uid: "2")], at: .seconds(63))
        #expect(failure?.code == "verify-failed" && failure?.reason == "ErrImagePull")
        #expect(problems.overdue([pod("ErrImagePull", phase: "Failed", uid: "2")], at: .seconds(64)) == nil)
    }

    @Test func aPodThatFitsNowhereSaysSoWhenTheTimeIsUp() {
        var problems = StartProblems()
        let pod = PodState(
            name: "smoke-1", uid: "1", phase: "Pending",
            conditions: [
                .init(
                    type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes are available")
            ], containers: [])
        #expect(problems.overdue([pod], at: .seconds(0)) == nil)
        #expect(problems.overdue([pod], at: .seconds(500)) == nil)
        #expect(problems.text == "pod smoke-1: Unschedulable: 0/1 nodes are available")
    }
}
