import Descriptors
import Testing

@testable import Reconciling

/// Up to fifty apps in chains of every shape, with the failure at each of them, by every policy: what is started, what stays and
/// what goes back, and in which order. SyncTests and ClusterTests have whole passes for some of these.
@Suite struct FailurePositionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var count: Int
        /// So many chains side by side; all apps together are one row each of them.
        var width: Int
        var policy: RolloutSettings.OnFailure
        var isCritical: Bool
        var testDescription: String {
            "\(count) apps in \(width) chains, \(policy)\(isCritical ? "" : ", not critical")"
        }
    }

    private static let rows = [1, 10, 50].flatMap { count in
        [1, 2, 10, 50].filter { $0 <= count }.flatMap { width in
            [RolloutSettings.OnFailure.rollback, .stop, .continue].flatMap { policy in
                [true, false].map { Row(count: count, width: width, policy: policy, isCritical: $0) }
            }
        }
    }

    private static func apps(_ row: Row, failing: Int) throws -> [App] {
        let lines = (0..<row.count).map { index in
            let after = index < row.width ? "" : ", after: [app-\(index - row.width)]"
            let critical = index == failing && !row.isCritical ? ", critical: false" : ""
            return "  - {name: app-\(index), version: 1.0.0-rc-c0ffee0\(after)\(critical)}"
        }
        let text = "apps:\n" + lines.joined(separator: "\n")
        return try Descriptor.parse(Array(text.utf8), file: "test.yaml").apps
    }

    /// The order in which answers come is the worst there is for a rule: the failure comes at the end of its round, or at its
    /// beginning.
    @Test(arguments: rows, [true, false])
    func `at each position`(row: Row, isFailureLast: Bool) throws {
        for position in 0..<row.count {
            let failing = "app-\(position)"
            let apps = try Self.apps(row, failing: position)
            var schedule = RolloutSchedule(apps, rolledOut: Set(apps.map(\.name)), onFailure: row.policy)
            var written: Set<String> = []
            var proven: Set<String> = []
            while true {
                var ready = schedule.takeReady()
                if ready.isEmpty { break }
                let isBefore = { (name: String) in (name == failing) != isFailureLast }
                ready = ready.filter(isBefore) + ready.filter { !isBefore($0) }
                for name in ready {
                    let after = apps.first { $0.name == name }?.after ?? []
                    #expect(proven.isSuperset(of: after), "\(name) started too early; \(position) fails")
                    schedule.written(name)
                    written.insert(name)
                    if name == failing {
                        schedule.failed(name)
                    } else if schedule.phase(of: name) == .forward {
                        schedule.proven(name)
                        proven.insert(name)
                    }
                }
            }
            let returned = Self.takeBack(&schedule, apps)
            #expect(schedule.isFinished, "\(position)")
            let goesBack = row.policy == .rollback
            #expect(Set(returned) == (!goesBack ? [] : row.isCritical ? written : [failing]), "\(position)")
            #expect(Set(returned).count == returned.count, "each once")
            for index in 0..<row.count where index > position && (index - position).isMultiple(of: row.width) {
                #expect(!written.contains("app-\(index)"), "it comes after \(position)")
            }
            if row.policy == .continue || !row.isCritical {
                let expected = (0..<row.count).filter { $0 < position || !($0 - position).isMultiple(of: row.width) }
                #expect(proven == Set(expected.map { "app-\($0)" }), "\(position)")
            }
        }
    }

    /// Each round comes back before the next one, and nothing before what came after it.
    private static func takeBack(_ schedule: inout RolloutSchedule, _ apps: [App]) -> [String] {
        var returned: [String] = []
        while true {
            let round = schedule.takeReturnable()
            if round.isEmpty { return returned }
            for name in round {
                for dependent in apps where dependent.after.contains(name) {
                    let phase = schedule.phase(of: dependent.name)
                    #expect(phase == .returned || phase == .notStarted, "\(name) before \(dependent.name)")
                }
            }
            for name in round { schedule.returned(name) }
            returned += round
        }
    }
}
