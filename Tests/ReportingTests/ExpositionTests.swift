import FoundationEssentials
import TestServers
import Testing

@testable import Reporting

/// Prometheus' text format, to the letter, and by Prometheus' own tool.
@Suite struct ExpositionTests {
    @Test(
        "Values and help texts are escaped as the format asks, and nothing else",
        arguments: [
            // text, as a label's value, as a help text
            ("plain", "plain", "plain"),
            (#"C:\temp"#, #"C:\\temp"#, #"C:\\temp"#),
            ("two\nlines", #"two\nlines"#, #"two\nlines"#),
            ("dos\r\nlines", "dos\r\\nlines", "dos\r\\nlines"),
            (#"say "so""#, #"say \"so\""#, #"say "so""#),
            ("Umlaut ä, 🚀", "Umlaut ä, 🚀", "Umlaut ä, 🚀"),
            ("{},=", "{},=", "{},="),
        ])
    func escaping(text: String, value: String, help: String) {
        #expect(Exposition.escapedValue(text) == value)
        #expect(Exposition.escapedHelp(text) == help)
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (-3, "-3"), (0.005, "0.005"), (1_763_722_497.25, "1763722497.25"), (1e-7, "1e-07"),
        (1e15, "1000000000000000"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbers(value: Double, text: String) {
        #expect(Exposition.number(value) == text)
    }

    @Test("A histogram's buckets are cumulative, an observation at a bound counts for that bound, and the last has all")
    func histogram() {
        var registry = MetricRegistry()
        for value in [0.5, 1, 1.0001, 30, 4_000] { registry.observe(value, in: .rolloutDuration) }
        let lines = registry.text().split(separator: "\n").map(String.init)
        let name = "descry_rollout_duration_seconds"
        #expect(lines[1] == "# TYPE \(name) histogram")
        #expect(lines[2] == "\(name)_bucket{le=\"1\"} 2")
        #expect(lines[3] == "\(name)_bucket{le=\"2.5\"} 3")
        #expect(lines[7] == "\(name)_bucket{le=\"30\"} 4")
        #expect(lines[12] == "\(name)_bucket{le=\"1800\"} 4")
        #expect(lines[13] == "\(name)_bucket{le=\"+Inf\"} 5")
        #expect(lines[14] == "\(name)_sum 4032.5001")
        #expect(lines[15] == "\(name)_count 5")
        #expect(lines.count == 16)
    }

    @Test(
        "Every metric, with values that need escaping, passes promtool's check",
        .enabled(if: PrometheusTool.requirement.isToRun))
    func promtool() async throws {
        try PrometheusTool.requirement.demand()
        #expect(try await PrometheusTool.check(metrics: try Self.everyMetric().render()) == "")
    }

    /// Metrics that have at least one sample of each kind.
    static func everyMetric() throws -> Metrics {
        let metrics = Metrics(version: "1.0.0")
        metrics.set(environments: ["DEV", "odd \"name\"\\\n"])
        metrics.set(.upToDate, of: "DEV")
        metrics.set(leaseHeld: true, of: "DEV")
        metrics.driftFound(2, in: "DEV")
        metrics.driftCorrected(1, in: "DEV")
        metrics.set(driftContested: 1, in: "DEV")
        metrics.passStarted()
        metrics.passEnded(environment: "DEV", outcome: .proven, seconds: 3.5)
        metrics.rolloutEnded(environment: "DEV", outcome: .proven, seconds: 2)
        metrics.gitRequest("refs", .ok, seconds: 0.003)
        metrics.kubernetesRequest(verb: "patch", status: 200, seconds: 0.004)
        metrics.kubernetesRequest(verb: "list", status: nil, seconds: 30)
        metrics.webhook("github", .woken)
        metrics.forgeStatus(.sent)
        metrics.configurationRead(refused: ["LIVE.yaml"])
        return metrics
    }
}

/// Prometheus' own checks.
enum PrometheusTool {
    static let requirement = Requirement("promtool", programs: ["promtool"], package: "prometheus")

    /// - Returns: what it finds fault with; empty where nothing.
    static func check(metrics text: String) async throws -> String {
        try await Program.run("promtool", ["check", "metrics"], input: Array(text.utf8))
    }
}
