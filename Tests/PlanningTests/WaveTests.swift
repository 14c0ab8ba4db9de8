import Descriptors
import Planning
import Testing
import Workloads

/// In which order changed apps are rolled out.
@Suite struct WaveTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// App → what it comes after, in the descriptor's order.
        let apps: [(String, [String])]
        var unchanged: Set<String> = []
        let waves: [[String]]
        var testDescription: String { name }
    }

    static let rows = [
        // No order asked for: all at once, in the descriptor's order.
        Row(name: "no order", apps: [("c", []), ("a", []), ("b", [])], waves: [["c", "a", "b"]]),
        Row(name: "nothing changed", apps: [("a", []), ("b", ["a"])], unchanged: ["a", "b"], waves: []),
        // Layers: an app stands behind the last of those it waits for.
        Row(
            name: "a chain, written backwards", apps: [("c", ["b"]), ("b", ["a"]), ("a", [])],
            waves: [["a"], ["b"], ["c"]]),
        Row(
            name: "a diamond", apps: [("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"])],
            waves: [["a"], ["b", "c"], ["d"]]),
        Row(
            name: "a long and a short way", apps: [("a", []), ("b", ["a"]), ("c", ["b", "a"]), ("x", [])],
            waves: [["a", "x"], ["b"], ["c"]]),
        // What needs nothing holds up nobody, and yet hands on the order.
        Row(name: "an unchanged dependency", apps: [("a", []), ("b", ["a"])], unchanged: ["a"], waves: [["b"]]),
        Row(
            name: "an unchanged app in between", apps: [("a", []), ("b", ["a"]), ("c", ["b"])], unchanged: ["b"],
            waves: [["a"], ["c"]]),
    ]

    @Test("waves", arguments: rows)
    func waves(_ row: Row) throws {
        let yaml = row.apps.map {
            Shop.app($0.0, Shop.new, $0.1.isEmpty ? "" : "after: [\($0.1.joined(separator: ", "))]")
        }
        let workloads = row.apps.map {
            Shop.workload($0.0, version: row.unchanged.contains($0.0) ? Shop.new : Shop.old)
        }
        let plan = try Shop.plan("apps:\n" + yaml.joined(), workloads)
        #expect(plan.waves.map { $0.map(\.app.name) } == row.waves)
        #expect(plan.apps.map(\.app.name) == row.apps.map(\.0))
    }

    @Test("a chain of 10,000 apps needs no deep stack, and each stands behind the one before")
    func longChain() throws {
        let count = 10_000
        let yaml = (0..<count).map { Shop.app("app-\($0)", Shop.new, $0 == 0 ? "" : "after: [app-\($0 - 1)]") }.joined()
        let plan = try Shop.plan("apps:\n" + yaml, (0..<count).map { Shop.workload("app-\($0)") })
        #expect(plan.waves.count == count)
        #expect(plan.waves.enumerated().allSatisfy { $1.map(\.app.name) == ["app-\($0)"] })
    }
}
