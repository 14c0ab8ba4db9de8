import FoundationEssentials
import Reporting
import Testing

@Suite struct StatusTextTests {
    private func status(_ name: String, _ apps: [AppStatus]) -> EnvironmentStatus {
        var status = EnvironmentStatus(environment: name)
        status.branch = name
        status.commit = commit
        status.apps = apps
        return status
    }

    private func app(
        _ name: String, _ state: AppStatus.State, wanted: String = "1.0.0", running: String? = "1.0.0", ready: Int = 2,
        failure: AppReport.Failure? = nil, since age: Double? = nil, lastFailure: AppStatus.LastFailure? = nil
    ) -> AppStatus {
        var status = AppStatus(
            app: name, workload: "statefulset/\(name)", state: state, wanted: "\(wanted)-rc-\(sha)",
            running: running.map { "\($0)-rc-\(sha)" }, pods: .init(replicas: 2, updated: 2, ready: ready),
            waitingFor: state == .rolling ? "1 of 2 pods ready" : nil, failure: failure)
        status.since = age.map { now.addingTimeInterval(-$0) }
        status.lastFailure = lastFailure
        return status
    }

    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func failed(_ age: Double, _ quarantined: Bool) -> AppStatus.LastFailure {
        .init(
            version: "1.1.0-rc-\(sha)", deployment: 7, commit: commit.id, at: now.addingTimeInterval(-age),
            code: "image-pull", message: "ErrImagePull: manifest unknown", quarantined: quarantined)
    }

    private var unread: EnvironmentStatus {
        EnvironmentStatus(
            environment: "QA",
            error: .init(code: "unauthorized", message: "the token is refused", hint: "make another", status: .denied))
    }

    @Test func `environments stand side by side, and what is amiss is explained`() {
        let report = StatusReport(
            environments: [
                status(
                    "DEV",
                    [
                        app("backend", .ok, since: 273_600),
                        app("web", .failed, wanted: "1.1.0", ready: 1, failure: pullFailure),
                    ]),
                status(
                    "LIVE",
                    [
                        app("backend", .pending, wanted: "1.1.0", since: 42, lastFailure: failed(300, true)),
                        app("batch", .rolling, ready: 1),
                    ]),
                status("STAGE", [app("backend", .ok, since: 7200, lastFailure: failed(86_400, false))]),
                unread,
            ], strict: false)
        let style = TextStyle(isColoured: false, terminal: .init(columns: 160, rows: 24))
        #expect(
            StatusText.render(report, style: style, now: now) == """
                DEV at a1b2c3d4e5: backend 1.1.0, by Ada
                LIVE at a1b2c3d4e5: backend 1.1.0, by Ada
                STAGE at a1b2c3d4e5: backend 1.1.0, by Ada
                QA cannot be read: unauthorized: the token is refused
                  hint: make another

                APP       DEV                         SINCE   LIVE                         SINCE   STAGE                   SINCE
                backend   1.0.0-rc-020c8bb 2/2 ok     3d4h    1.0.0-rc-020c8bb 2/2 pending 42s     1.0.0-rc-020c8bb 2/2 ok 120m
                web       1.0.0-rc-020c8bb 1/2 failed -       -                                    -
                batch     -                                   1.0.0-rc-020c8bb 1/2 rolling -       -

                DEV web failed: image-pull: pod web-2, container web: ImagePullBackOff: Back-off pulling image "shop/web:1.1.0"
                  hint: push the image
                LIVE backend pending: 1.0.0-rc-020c8bb → 1.1.0-rc-020c8bb
                  not tried again: it failed in deployment 7: image-pull: ErrImagePull: manifest unknown
                  hint: push a version that works, or run descry apply LIVE --retry
                LIVE batch rolling: 1.0.0-rc-020c8bb; waiting for 1 of 2 pods ready
                LIVE backend last failure: 1.1.0-rc-020c8bb image-pull 5m quarantined
                STAGE backend last failure: 1.1.0-rc-020c8bb image-pull 24h

                """)
    }

    /// Wide enough for everything, for all but the failures, and for the versions alone.
    @Test(arguments: [
        (240, ["LAST FAILURE", "SINCE"], false), (140, ["SINCE"], true), (95, [String](), true),
    ])
    func `to stand side by side is worth more than the last columns`(
        columns: Int, headings: [String], isToldBelow: Bool
    ) {
        let report = StatusReport(
            environments: ["DEV", "STAGE", "LIVE"].map {
                status($0, [app("backend", .ok, since: 60, lastFailure: failed(300, false))])
            }, strict: false)
        let style = TextStyle(isColoured: false, terminal: .init(columns: columns, rows: 24))
        let lines = StatusText.render(report, style: style, now: now).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("APP") } == 1)
        for heading in ["LAST FAILURE", "SINCE"] {
            #expect(lines.contains { $0.contains(heading) } == headings.contains(heading), "\(heading)")
        }
        #expect(lines.contains { $0.contains("backend last failure: 1.1.0") } == isToldBelow)
    }

    @Test(arguments: [(50, 3), (80, 2), (110, 1)])
    func `environments that do not fit beside each other stand below each other`(columns: Int, tables: Int) {
        let report = StatusReport(
            environments: ["DEV", "STAGE", "LIVE"].map { status($0, [app("backend", .ok)]) }, strict: false)
        let style = TextStyle(isColoured: false, terminal: .init(columns: columns, rows: 24))
        let lines = StatusText.render(report, style: style).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("APP") } == tables)
        #expect(lines.count { $0.hasPrefix("backend") } == tables)
        #expect(lines.allSatisfy { $0.hasPrefix("APP") || $0.count <= columns })
    }

    /// Which of several findings the exit code tells.
    @Test(
        arguments: [
            ([.ok], false, .done), ([.ok], true, .done), ([.pending, .failed], false, .done),
            ([.ok, .pending], true, .changesPending), ([.drifted], true, .changesPending),
            ([.rolling], true, .changesPending), ([.pending, .failed], true, .rolloutFailed),
            ([.failed, .missing], true, .missing), ([.missing], false, .missing),
            ([.missing, .refused], false, .refused),
        ] as [([AppStatus.State], Bool, Reporting.ExitStatus)])
    func exitCodes(_ states: [AppStatus.State], strict: Bool, expected: Reporting.ExitStatus) {
        let read = status("DEV", states.enumerated().map { app("app-\($0.offset)", $0.element) })
        #expect(StatusReport(environments: [read], strict: strict).status == expected)
        // An environment that cannot be read goes before.
        #expect(StatusReport(environments: [read, unread], strict: strict).status == .denied)
    }
}
