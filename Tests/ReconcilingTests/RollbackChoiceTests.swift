import Descriptors
import Documents
import Reporting
import Testing

@testable import Reconciling

/// Which version an app goes back to, and what is refused.
@Suite struct RollbackChoiceTests {
    typealias Row = SampleHistory.Row
    typealias Entry = SampleHistory.Entry

    private static func version(_ number: Int) -> String { "1.\(number).0-rc-012345\(number)" }

    /// `web` as deployments with these versions left it, the oldest first.
    private static func rows(_ steps: [(Int, AppReport.Outcome?)]) -> [Row] {
        var running = 0
        return steps.map { number, outcome in
            defer { if outcome == .proven { running = number } }
            return Row(Entry("web", version(running), version(number), outcome))
        }
    }

    private static func descriptor(_ versions: [(String, Int)]) -> [UInt8] {
        Array(("apps:\n" + versions.map { "- {name: \($0), version: \(version($1))}\n" }.joined()).utf8)
    }

    private static func choose(
        _ rows: [Row], now: [(String, Int)], apps: [String] = [], goal: [(String, Int)]? = nil
    ) throws -> ChosenVersions {
        let goal = try goal.map {
            RollbackChoice.Goal(commit: "4160", descriptor: try Descriptor.parse(descriptor($0), file: "4160:d"))
        }
        return try RollbackChoice(
            apps: apps, goal: goal, history: try SampleHistory.history(rows), environment: "DEV", place: "DEV:d"
        ).versions(for: TipDescriptor(bytes: descriptor(now), file: "DEV:d", path: "d"))
    }

    private static func codes(_ body: () throws -> Void) -> [String] {
        do { try body() } catch let error as Refused { return error.diagnostics.map(\.code) } catch {
            return ["\(error)"]
        }
        return []
    }

    /// The deployments of `web`, the version that the branch says, and the one that it goes back to.
    @Test func `to what was proven before the present version first was`() throws {
        let rows: [([(Int, AppReport.Outcome?)], Int, Int)] = [
            ([(1, .proven), (2, .proven)], 2, 1),
            // It failed and the cluster went back, which the branch does not say yet.
            ([(1, .proven), (2, .failed)], 2, 1), ([(1, .proven), (2, .proven), (3, .failed)], 3, 2),
            // It was not deployed yet.
            ([(1, .proven), (2, .proven)], 3, 2),
            // A rollback that is rolled back goes further back, not forth.
            ([(1, .proven), (2, .proven), (3, .proven), (2, .proven)], 2, 1),
            // What failed at first counts from when it was proven.
            ([(1, .proven), (3, .failed), (2, .proven), (3, .proven)], 3, 2),
            // One that failed since, or was never proven, is passed over.
            ([(1, .proven), (2, .proven), (2, .failed), (3, .proven)], 3, 1),
            ([(1, .proven), (2, .patched), (3, .proven)], 3, 1),
        ].map { ($0.0, $0.1, $0.2) }
        for (steps, now, expected) in rows {
            let chosen = try Self.choose(Self.rows(steps), now: [("web", now)], apps: ["web"])
            #expect(chosen.versions["web"]?.text == Self.version(expected), "\(steps)")
        }
    }

    @Test func `it says what has proven it`() throws {
        let chosen = try Self.choose(Self.rows([(1, .proven), (2, .proven)]), now: [("web", 2)], apps: ["web"])
        #expect(chosen.purpose == .rollBack(to: [SampleHistory.commit(1)]))
        #expect(
            chosen.reasons["web"]?.proof
                == .init(
                    environment: "DEV", deployment: 1, commit: SampleHistory.commit(1), since: SampleHistory.time(1)))
    }

    @Test func `with no apps named, those that the last deployment changed and nobody since`() throws {
        let first = Row(Entry("web", nil, Self.version(1)), Entry("api", nil, Self.version(1)))
        let second = Row(Entry("web", Self.version(1), Self.version(2)), Entry("api", Self.version(1), Self.version(2)))
        let chosen = try Self.choose([first, second], now: [("web", 2), ("api", 3), ("job", 1)])
        #expect(chosen.versions.mapValues(\.text) == ["web": Self.version(1)])
        #expect(
            chosen.notes == [
                "no app is named: those that deployment 2 changed", "left alone, because changed since: api",
            ])
        // Once the branch says so there is nothing left to do, and a second rollback goes no further.
        #expect(try Self.choose([first, second], now: [("web", 1), ("api", 3)]).versions.isEmpty)
        #expect(Self.codes { _ = try Self.choose([], now: [("web", 1)]) } == ["no-deployment"])
    }

    @Test func `to another descriptor, as far as its versions were proven`() throws {
        let rows = [
            Row(Entry("web", nil, Self.version(1)), Entry("api", nil, Self.version(1))),
            Row(Entry("web", Self.version(1), Self.version(2), .failed)),
            Row(Entry("web", Self.version(1), Self.version(3)), Entry("api", Self.version(1), Self.version(3))),
        ]
        let now = [("web", 3), ("api", 3), ("job", 1)]
        let all = try Self.choose(rows, now: now, goal: [("web", 1), ("api", 1), ("gone", 1)])
        #expect(all.versions.mapValues(\.text) == ["web": Self.version(1), "api": Self.version(1)])
        #expect(all.purpose == .rollBack(to: ["4160"]))
        #expect(all.notes == ["no app is named: all that 4160:d has"])
        let one = try Self.choose(rows, now: now, apps: ["api"], goal: [("web", 2), ("api", 1)])
        #expect(one.versions.mapValues(\.text) == ["api": Self.version(1)])
        #expect(try Self.choose(rows, now: now, apps: ["web"], goal: [("web", 3)]).versions.isEmpty)
        // Failed, and never deployed.
        #expect(
            Self.codes { _ = try Self.choose(rows, now: now, goal: [("web", 2), ("api", 4)]) }
                == ["quarantined", "not-proven"])
        #expect(
            Self.codes { _ = try Self.choose(rows, now: now, apps: ["job"], goal: [("web", 1)]) } == ["unknown-app"])
    }

    @Test func `what cannot be is refused, all at once`() throws {
        let rows = Self.rows([(1, .proven)])
        #expect(
            Self.codes { _ = try Self.choose(rows, now: [("web", 1), ("api", 1)], apps: ["web", "api"]) }
                == ["no-proven-version", "no-proven-version"])
        #expect(
            Self.codes { _ = try Self.choose(rows, now: [("web", 1)], apps: ["wep", "x"]) }
                == ["unknown-app", "unknown-app"])
    }

    @Test func `a number, a commit, or neither`() {
        #expect(Rollback.Destination("41") == .deployment(41))
        #expect(Rollback.Destination("4160108512") == .commit("4160108512"))
        #expect(Rollback.Destination("4160ABC") == .commit("4160abc"))
        for text in ["", "0", "-1", "last", "4160ab", String(repeating: "a", count: 41)] {
            #expect(Rollback.Destination(text) == nil, "\(text)")
        }
    }
}
