import FoundationEssentials
import TestServers
import Testing

@testable import Reporting

/// The alert rules and the dashboard of deploy/prometheus: they ask for metrics that there are.
@Suite struct PrometheusFilesTests {
    private static let folder =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/deploy/prometheus"

    /// Names of other exporters that queries may use: Prometheus' own of the scrape.
    private static let foreign: Set<String> = ["up"]

    private static func read(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
    }

    /// The metrics in a query: words that are followed by what follows a metric, less PromQL's own.
    private static func names(in query: String) throws -> Set<String> {
        let word = try Regex<(Substring, Substring)>(#"(?:^|[^\w.$"'{,])((?:descry|process|up)[a-z0-9_]*)(?![\w=("])"#)
        return Set(query.matches(of: word).map { String($0.output.1) })
    }

    private static let known = Set(Metric.allCases.flatMap(\.sampleNames)).union(foreign)

    @Test("Rules are rules, and fire when they should and only then", .enabled(if: PrometheusTool.requirement.isToRun))
    func rules() async throws {
        try PrometheusTool.requirement.demand()
        #expect(
            try await Program.run("promtool", ["check", "rules", Self.folder + "/descry.rules.yaml"]).contains(
                "SUCCESS"))
        // It looks for the rules beside the test.
        let output = try await Program.run("promtool", ["test", "rules", Self.folder + "/descry.rules.test.yaml"])
        #expect(output.contains("SUCCESS"))
    }

    @Test("Every alert has a test, and every metric that a rule asks for exists")
    func ruleNames() throws {
        let rules = String(decoding: try Self.read("descry.rules.yaml"), as: UTF8.self)
        let tests = String(decoding: try Self.read("descry.rules.test.yaml"), as: UTF8.self)
        let alerts = rules.split(separator: "\n").filter { $0.contains("- alert: ") }.map { line in
            String(line.split(separator: " ").last ?? "")
        }
        #expect(alerts.count >= 10)
        for alert in alerts { #expect(tests.contains("alertname=\"\(alert)\", alertstate=\"firing\""), "\(alert)") }
        var expressions = ""
        var isExpression = false
        for line in rules.split(separator: "\n", omittingEmptySubsequences: false) {
            let key = line.firstIndex(of: ":").map { line[..<$0].filter { $0 != " " } } ?? ""
            if ["expr", "for", "labels", "annotations", "-alert"].contains(key) { isExpression = key == "expr" }
            if isExpression { expressions += line.replacing("expr:", with: " ") + "\n" }
        }
        let names = try Self.names(in: expressions)
        #expect(names.contains("descry_passes_total") && names.contains("up"))
        #expect(names.subtracting(Self.known) == [])
    }

    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Target: Decodable { var expr: String }
            struct Position: Decodable, Hashable { var x: Int, y: Int, w: Int, h: Int }
            var id: Int
            var type: String
            var title: String
            var gridPos: Position
            var targets: [Target]?
        }
        struct Templating: Decodable {
            struct Variable: Decodable { var name: String }
            var list: [Variable]
        }
        var title: String
        var uid: String
        var schemaVersion: Int
        var templating: Templating
        var panels: [Panel]
    }

    @Test("Every query of the dashboard asks for a metric that there is, and every metric of Descry's own is asked for")
    func dashboard() throws {
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: try Self.read("descry.dashboard.json"))
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        #expect(Set(dashboard.panels.map(\.gridPos)).count == dashboard.panels.count)
        #expect(dashboard.panels.allSatisfy { $0.gridPos.x + $0.gridPos.w <= 24 })
        var asked: Set<String> = []
        for panel in dashboard.panels where panel.type != "row" {
            let targets = try #require(panel.targets)
            #expect(!targets.isEmpty, "\(panel.title)")
            for target in targets {
                let names = try Self.names(in: target.expr)
                #expect(!names.isEmpty, "\(target.expr)")
                #expect(names.subtracting(Self.known) == [], "\(target.expr)")
                asked.formUnion(names)
            }
        }
        let shown = Metric.allCases.filter { !asked.isDisjoint(with: $0.sampleNames) }
        let absent = Set(Metric.allCases).subtracting(shown)
        // Neither is of any use on a dashboard.
        #expect(absent == [.droppedSamples, .processVirtualMemory])
    }

    @Test("Every query of the dashboard is PromQL", .enabled(if: PrometheusTool.requirement.isToRun))
    func queries() async throws {
        try PrometheusTool.requirement.demand()
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: try Self.read("descry.dashboard.json"))
        let queries = dashboard.panels.flatMap { $0.targets ?? [] }.map(\.expr)
        var rules = "groups:\n- name: dashboard\n  rules:\n"
        for (index, query) in queries.enumerated() {
            let text = query.replacing("$__rate_interval", with: "1m").replacing("$environment", with: ".*")
            rules += "  - {record: 'query:\(index)', expr: '\(text)'}\n"
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("queries.yaml", rules)
        #expect(
            try await Program.run("promtool", ["check", "rules", file]).contains("SUCCESS: \(queries.count) rules"))
    }

    @Test("What the documentation lists is what there is")
    func documented() throws {
        let root = Self.folder.replacing("/deploy/prometheus", with: "")
        let document = String(decoding: try Data(contentsOf: URL(filePath: root + "/docs/run.md")), as: UTF8.self)
        for metric in Metric.allCases { #expect(document.contains("`\(metric.rawValue)"), "\(metric.rawValue)") }
    }
}
