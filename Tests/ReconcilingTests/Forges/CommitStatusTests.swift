import Reporting
import Testing

@testable import Reconciling

/// What a pass says of its commit.
@Suite struct CommitStatusTests {
    let environment: Environment

    init() throws {
        let settings = try EnvironmentSettings.parse(Array(EnvironmentMergeTests.file.utf8), file: "DEV.yaml")
        environment = try settings.resolve(name: "DEV")
    }

    private static let failure = AppReport.Failure(
        code: "image-pull", message: "Back-off pulling image \"shop/b:2\"", reason: "ImagePullBackOff")

    /// Only what is proven is a success.
    @Test(
        arguments: [
            (
                .proven, [.of("a", .proven), .of("b", .unchanged)], .success,
                "DEV is proven to run this commit: 2 apps, 1 of them new"
            ),
            (.unchanged, [.of("a", .unchanged)], .success, "DEV is proven to run this commit: 1 app"),
            (
                .unchanged, [.of("a", .unchanged), .of("b", .drifted)], .failure,
                "b is changed by somebody else, and left so (drift: report)"
            ),
            (.proven, [.of("a", .proven), .of("b", .notStarted)], .failure, "b is not proven"),
            (
                .failed, [.of("a", .proven), .of("b", .failed, failure: failure)], .failure,
                "Failed: b 1.2.3-release-0123456: ImagePullBackOff: Back-off pulling image \"shop/b:2\""
            ),
            (
                .rolledBack, [.of("b", .failed, failure: failure), .of("c", .failed, failure: failure)], .failure,
                "Failed, all is rolled back: b 1.2.3-release-0123456 (and 1 more): ImagePullBackOff: Back-off pulling image \"shop/b:2\""
            ),
            (
                .refused,
                [.of("a", .refused, failure: .init(code: "missing-workload", message: "there is no StatefulSet a"))],
                .failure, "Refused, nothing was changed: a 1.2.3-release-0123456: there is no StatefulSet a"
            ),
        ] as [(SyncReport.Outcome, [AppReport], CommitStatus.State, String)])
    func ofAReport(outcome: SyncReport.Outcome, apps: [AppReport], state: CommitStatus.State, text: String) throws {
        let status = try #require(CommitStatus(.of(outcome, environment, apps: apps)))
        #expect(status.state == state)
        #expect(status.description == text)
        #expect(status.commit == ForgeScene.commit)
    }

    /// Neither a plan, nor what nobody waited for, proves anything; and a report without a commit is about none.
    @Test func whatProvesNothingSaysNothing() {
        for outcome in [SyncReport.Outcome.pending, .validated, .patched] {
            #expect(CommitStatus(.of(outcome, environment)) == nil)
        }
        #expect(CommitStatus(.of(.unchanged, environment, command: .plan)) == nil)
        var report = SyncReport.of(.proven, environment)
        report.commit = nil
        #expect(CommitStatus(report) == nil)
    }

    @Test func aPreemptedCommitHasAnEnd() throws {
        var report = SyncReport.of(.preempted, environment)
        report.preemptedBy = SyncReport.of(.proven, environment, commit: ForgeScene.newer).commit
        let status = try #require(CommitStatus(report))
        #expect(status.state == .superseded)
        #expect(status.description == "Superseded by fedcba9876 before it was proven in DEV")
    }

    @Test func theCheckOfTheWholeIsTheReason() throws {
        var report = SyncReport.of(.rolledBack, environment, apps: [.of("a", .rolledBack)])
        report.verification = VerificationReport(
            kind: .job, target: "smoke", outcome: .failed, seconds: 1,
            failure: .init(code: "job-failed", message: "exit code 1"))
        #expect(CommitStatus(report)?.description == "Failed, all is rolled back: job/smoke: exit code 1")
    }

    /// A container's words cannot dress up as others', and are cut at the forge's limit.
    @Test func descriptionsAreOneBoundedLine() {
        let status = CommitStatus(
            commit: "c", .failure, "\u{1B}[32mall\r\n good\u{202E}\u{0} " + String(repeating: "é", count: 300))
        #expect(status.description.hasPrefix("[32mall good é"))
        for limit in [140, 255] {
            let text = status.description(limit: limit)
            #expect(text.unicodeScalars.count == limit && text.hasSuffix("é…"))
        }
        #expect(CommitStatus(commit: "c", .success, "short").description(limit: 140) == "short")
    }
}
