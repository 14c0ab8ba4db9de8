import FoundationEssentials
import Testing

@testable import Reporting

/// What is counted when, and which series there are.
@Suite struct MetricsTests {
    private let date = Date(timeIntervalSince1970: 1_763_722_497)

    private func metrics(_ environments: Set<String> = ["DEV", "LIVE"], sampleLimit: Int = 1000) -> Metrics {
        let date = date
        let metrics = Metrics(version: "1.0.0", sampleLimit: sampleLimit) { date }
        metrics.set(environments: environments)
        return metrics
    }

    private func sample(_ metrics: Metrics, _ name: String) -> String? {
        metrics.render().split(separator: "\n").first { $0.hasPrefix(name + " ") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    @Test("Reverts are counted, and apps that are reverted no more are told for as long as they are not")
    func reverts() {
        let metrics = metrics()
        #expect(sample(metrics, #"descry_reverts_total{environment="DEV",outcome="failed"}"#) == "0")
        var report = SyncReport(
            command: .apply, environment: "DEV", namespace: "shop", repository: "r", branch: "DEV", descriptor: "d",
            startedAt: date, outcome: .rolledBack)
        for outcome in RevertReport.Outcome.allCases {
            report.revert = RevertReport(outcome, stopped: [.init(app: "web", count: 3, since: date)])
            metrics.passEnded(report, seconds: 1)
        }
        #expect(sample(metrics, #"descry_reverts_total{environment="DEV",outcome="failed"}"#) == "1")
        #expect(sample(metrics, #"descry_reverts_total{environment="DEV",outcome="committed"}"#) == "1")
        #expect(sample(metrics, #"descry_reverts_stopped{environment="DEV"}"#) == "1")
        report.revert = nil
        metrics.passEnded(report, seconds: 1)
        #expect(sample(metrics, #"descry_reverts_stopped{environment="DEV"}"#) == "0")
    }

    @Test("An environment begins with what an increase can be told from, and takes its series along when it goes")
    func environments() {
        let metrics = metrics()
        #expect(sample(metrics, #"descry_environments{state="starting"}"#) == "2")
        #expect(sample(metrics, #"descry_drift_found_total{environment="LIVE"}"#) == "0")
        #expect(sample(metrics, #"descry_lease_transitions_total{environment="LIVE"}"#) == "0")
        metrics.set(.upToDate, of: "LIVE")
        metrics.passEnded(environment: "LIVE", outcome: .proven, seconds: 1)
        #expect(metrics.render().contains("environment=\"LIVE\""))
        metrics.set(environments: ["DEV"])
        #expect(!metrics.render().contains("environment=\"LIVE\""))
        #expect(sample(metrics, #"descry_environments{state="up_to_date"}"#) == "0")
        // What ends after it has gone does not bring it back; of all passes it is one.
        metrics.passEnded(environment: "LIVE", outcome: .proven, seconds: 1)
        metrics.set(.failing, of: "LIVE")
        metrics.set(leaseHeld: true, of: "LIVE")
        #expect(!metrics.render().contains("environment=\"LIVE\""))
        #expect(sample(metrics, #"descry_environments{state="failing"}"#) == "0")
        #expect(sample(metrics, #"descry_pass_duration_seconds_count{outcome="proven"}"#) == "2")
        // One that stays keeps what was counted.
        metrics.driftFound(3, in: "DEV")
        metrics.set(environments: ["DEV", "LIVE"])
        #expect(sample(metrics, #"descry_drift_found_total{environment="DEV"}"#) == "3")
    }

    @Test("Who looks after an environment says whether it is up to date; who does not, says nothing")
    func states() {
        let metrics = metrics()
        let upToDate = #"descry_environment_up_to_date{environment="DEV"}"#
        for state in EnvironmentState.allCases {
            metrics.set(state, of: "DEV")
            #expect(sample(metrics, "descry_environments{state=\"\(state.rawValue)\"}") != "0")
            #expect(sample(metrics, upToDate) == (state == .elsewhere ? nil : state == .upToDate ? "1" : "0"))
        }
        metrics.passEnded(environment: "DEV", outcome: .unchanged, seconds: 1)
        let success = #"descry_last_success_timestamp_seconds{environment="DEV"}"#
        #expect(sample(metrics, success) == "1763722497")
        metrics.set(.elsewhere, of: "DEV")
        #expect(sample(metrics, success) == nil)
    }

    @Test("A lease that is held still is no transition")
    func leases() {
        let metrics = metrics()
        for isHeld in [false, true, true, false, false, true] { metrics.set(leaseHeld: isHeld, of: "DEV") }
        #expect(sample(metrics, #"descry_lease_transitions_total{environment="DEV"}"#) == "3")
        #expect(sample(metrics, #"descry_lease_held{environment="DEV"}"#) == "1")
    }

    @Test("Only what is proven to run is a success")
    func success() {
        for outcome in PassOutcome.allCases {
            let metrics = metrics()
            metrics.passStarted()
            #expect(sample(metrics, "descry_pass_active") == "1")
            metrics.passEnded(environment: "DEV", outcome: outcome, seconds: 1)
            #expect(sample(metrics, "descry_pass_active") == "0")
            let isSuccess = sample(metrics, #"descry_last_success_timestamp_seconds{environment="DEV"}"#) != nil
            #expect(isSuccess == [.unchanged, .proven].contains(outcome))
        }
    }

    @Test("A report counts its pass and the rollouts of the apps that it changed")
    func report() {
        let metrics = metrics()
        var report = SyncReport(
            command: .apply, environment: "DEV", namespace: "shop", repository: "r", branch: "DEV", descriptor: "d",
            startedAt: date, outcome: .rolledBack)
        let outcomes: [AppReport.Outcome] = [.failed, .rolledBack, .rolledBack, .unchanged, .notStarted]
        report.apps = outcomes.enumerated().map { index, outcome in
            var app = AppReport(
                app: "app-\(index)", workload: "statefulset/app-\(index)", outcome: outcome, to: "1.0.0")
            if index < 3 { app.seconds = Double(index) }
            return app
        }
        metrics.passEnded(report, seconds: 12)
        #expect(sample(metrics, #"descry_passes_total{environment="DEV",outcome="rolled_back"}"#) == "1")
        #expect(sample(metrics, #"descry_rollouts_total{environment="DEV",outcome="rolled_back"}"#) == "2")
        #expect(sample(metrics, #"descry_rollouts_total{environment="DEV",outcome="failed"}"#) == "1")
        #expect(sample(metrics, "descry_rollout_duration_seconds_count") == "3")
        #expect(sample(metrics, "descry_rollout_duration_seconds_sum") == "3")
    }

    @Test(
        "Outcomes by exit code: what failed for want of a server is not what failed for want of a right",
        arguments: [
            (SyncReport.Outcome.failed, Reporting.ExitStatus.unreachable, PassOutcome.unreachable),
            (.failed, .denied, .denied), (.refused, .missing, .missing), (.refused, .refused, .refused),
            (.failed, .rolloutFailed, .failed), (.failed, .internalError, .error), (.failed, .locked, .locked),
        ])
    func outcome(reported: SyncReport.Outcome, status: Reporting.ExitStatus, outcome: PassOutcome) {
        var report = SyncReport(
            command: .apply, environment: "DEV", namespace: "shop", repository: "r", branch: "DEV", descriptor: "d",
            startedAt: date, outcome: reported)
        report.exitCode = status.rawValue
        #expect(PassOutcome(report) == outcome)
    }

    @Test("The configuration is valid while no file is refused, and unknown before it was read")
    func configuration() {
        let metrics = metrics()
        #expect(sample(metrics, "descry_configuration_valid") == nil)
        metrics.configurationRead(refused: ["LIVE.yaml", "DEV.yaml"])
        #expect(sample(metrics, "descry_configuration_valid") == "0")
        metrics.configurationRead(refused: ["DEV.yaml"])
        #expect(sample(metrics, #"descry_configuration_refused{file="LIVE.yaml"}"#) == nil)
        #expect(sample(metrics, #"descry_configuration_refused{file="DEV.yaml"}"#) == "1")
        metrics.configurationRead(refused: [])
        #expect(sample(metrics, "descry_configuration_valid") == "1")
    }

    @Test("A metric has no more samples than its limit; what is left out is counted")
    func bounded() {
        let metrics = metrics([], sampleLimit: 10)
        for number in 0..<100 { metrics.kubernetesRequest(verb: "verb-\(number)", status: 200, seconds: 0) }
        let count = metrics.render().split(separator: "\n").count { $0.hasPrefix("descry_kubernetes_requests_total{") }
        #expect(count == 10)
        #expect(sample(metrics, "descry_metric_samples_dropped_total") == "180")
    }

    @Test("A status that is none is no series of its own")
    func statuses() {
        let metrics = metrics()
        for status in [99, 600, 12_345, -1] { metrics.kubernetesRequest(verb: "get", status: status, seconds: 0) }
        #expect(sample(metrics, #"descry_kubernetes_requests_total{verb="get",code="other"}"#) == "4")
    }

    @Test("Counting goes on from many tasks at once")
    func concurrent() async {
        let metrics = metrics()
        await withTaskGroup { group in
            for _ in 0..<20 {
                group.addTask { for _ in 0..<500 { metrics.gitRequest("refs", .ok, seconds: 0.01) } }
                group.addTask { _ = metrics.render() }
            }
        }
        #expect(sample(metrics, #"descry_git_requests_total{outcome="ok"}"#) == "10000")
    }
}
