import FoundationEssentials
import Testing

@testable import Reporting

@Suite struct HistoryReportTests {
    private static let start = Date(timeIntervalSince1970: 1_750_000_000)

    private static func deployment(_ number: Int, _ outcome: Deployment.Outcome, build: String? = nil) -> Deployment {
        var app = Deployment.App(
            app: "backend", workload: "statefulset/backend", uid: "u", from: "1.0.0-rc-c0ffee0",
            to: "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343",
            before: .init(images: [:], initContainers: [], annotations: [:], strategy: "RollingUpdate", partition: 0))
        if outcome == .rolledBack { app.failure = "image-pull: ErrImagePull: not found" }
        var deployment = Deployment(
            number: number,
            commit: .init(id: String(repeating: "ab", count: 20), author: "Ann", time: start, subject: "Deploy"),
            descriptor: "d", startedAt: start, outcome: outcome,
            by: .init(user: "ann", host: "desk", build: build), apps: [app])
        if outcome != .running { deployment.finishedAt = start.addingTimeInterval(12.34) }
        return deployment
    }

    @Test func `newest first, with the reason of what failed behind the table`() {
        let report = HistoryReport(
            environment: "DEV", namespace: "shop-dev",
            deployments: [
                Self.deployment(3, .running), Self.deployment(2, .rolledBack, build: "https://ci.example.com/7"),
                Self.deployment(1, .proven),
            ])
        #expect(
            report.text(style: .plain) == """
                NUMBER   STARTED                TOOK     COMMIT       OUTCOME       APP       FROM               TO                 BY
                3        2025-06-15T15:06:40Z   -        ababababab   running       backend   1.0.0-rc-c0ffee0   1.1.0-rc-020c8bb   ann@desk
                2        2025-06-15T15:06:40Z   12.3 s   ababababab   rolled back   backend   1.0.0-rc-c0ffee0   1.1.0-rc-020c8bb   https://ci.example.com/7
                1        2025-06-15T15:06:40Z   12.3 s   ababababab   proven        backend   1.0.0-rc-c0ffee0   1.1.0-rc-020c8bb   ann@desk
                2 backend: image-pull: ErrImagePull: not found

                """)
    }

    @Test func `reverts are told behind the failures`() {
        var deployment = Self.deployment(2, .rolledBack)
        deployment.reverts = [
            .init(commit: String(repeating: "cd", count: 20), reverts: "e", at: Self.start, apps: ["backend", "web"]),
            .init(reverts: "f", at: Self.start, apps: ["backend"]),
        ]
        let text = HistoryReport(environment: "DEV", namespace: "shop-dev", deployments: [deployment]).text(
            style: .plain)
        #expect(
            text.hasSuffix(
                """
                2 backend: image-pull: ErrImagePull: not found
                2 reverted: cdcdcdcdcd at 2025-06-15T15:06:40Z: backend, web
                2 reverted: not known to be pushed at 2025-06-15T15:06:40Z: backend

                """), "\(text)")
    }

    @Test func `no history is said in words`() {
        let report = HistoryReport(environment: "DEV", namespace: "shop-dev", deployments: [])
        #expect(report.text(style: .plain) == "no deployments of DEV in shop-dev yet\n")
    }
}
