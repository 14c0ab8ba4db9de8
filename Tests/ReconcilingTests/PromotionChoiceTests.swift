import Descriptors
import Documents
import FoundationEssentials
import Git
import Reporting
import Testing
import Workloads

@testable import Reconciling

/// Which versions are promoted, and what is refused: by what one environment runs, what both have deployed, and what the other one's
/// descriptor says.
@Suite struct PromotionChoiceTests {
    typealias Row = SampleHistory.Row
    typealias Entry = SampleHistory.Entry

    private static let old = "1.0.0-rc-0123456"
    private static let new = "1.1.0-rc-020c8bb"
    private static let release = "1.1.0-release-9f3c1d0"

    /// What is asked, and of what; each test changes what it is about.
    private struct Question {
        /// `web` and what else there is, in the environment that the versions are from.
        var source = ["web": new]
        var states: [String: AppStatus.State] = [:]
        var running: [String: String] = [:]
        var history: [Row] = [Row(Entry("web", old, new))]
        var verifies = false
        var target = ["web": old]
        var targetHistory: [Row]? = []
        var channels: Set<AppVersion.Channel> = [.rc, .release]
        var request = Promotion.Request(apps: ["web"])
        var lineage: SourceLineage?
        /// What descriptors have named before, in git.
        var past: [String: [String]] = [:]
        var hours = 2

        func ask() async throws -> ChosenVersions {
            let descriptor = try Descriptor.parse(Self.descriptor(source), file: "STAGE:d")
            var status = EnvironmentStatus(environment: "STAGE")
            status.apps = descriptor.apps.map { app in
                AppStatus(
                    app: app.name, workload: app.key.description, state: states[app.name] ?? .ok,
                    wanted: app.version.text, running: running[app.name] ?? app.version.text)
            }
            let commit = SyncReport.Commit(id: "4160", author: "a", time: SampleHistory.time(0), subject: "s")
            let settings = try EnvironmentSettings.flags([
                .repository: "/srv/d.git", .versions: channels.map(\.rawValue).sorted().joined(separator: ","),
            ])
            return try await PromotionChoice(
                request: request,
                source: StatusReader.Observed(
                    status: status, commit: commit, descriptor: descriptor, history: nil,
                    uids: Dictionary(uniqueKeysWithValues: descriptor.apps.map { ($0.key, "u") })),
                sourceHistory: try SampleHistory.history(history), verifies: verifies,
                target: try settings.location(name: "LIVE"),
                targetHistory: try targetHistory.map(SampleHistory.history), lineage: lineage,
                past: PastVersions(try past.mapValues { Set(try $0.map { try AppVersion($0) }) }),
                now: SampleHistory.time(hours)
            ).versions(for: TipDescriptor(bytes: Self.descriptor(target), file: "LIVE:d", path: "d"))
        }

        private static func descriptor(_ versions: [String: String]) -> [UInt8] {
            let lines = versions.sorted { $0.key < $1.key }.map { "- {name: \($0), version: \($1)}\n" }
            return Array(("apps:\n" + lines.joined()).utf8)
        }
    }

    private static func problems(_ change: (inout Question) -> Void) async throws -> [Diagnostic] {
        var question = Question()
        change(&question)
        do {
            _ = try await question.ask()
            return []
        } catch let error as Refused {
            return error.diagnostics
        }
    }

    private static func codes(_ change: (inout Question) -> Void) async throws -> [String] {
        try await problems(change).map(\.code)
    }

    @Test func `a version that is proven, and runs, is taken with its proof`() async throws {
        let chosen = try await Question().ask()
        #expect(chosen.versions.mapValues(\.text) == ["web": Self.new])
        #expect(chosen.purpose == .promote(from: "STAGE", commit: "4160"))
        #expect(
            chosen.reasons["web"]?.proof
                == .init(
                    environment: "STAGE", deployment: 1, commit: SampleHistory.commit(1), since: SampleHistory.time(1)))
    }

    @Test(arguments: [AppStatus.State.rolling, .pending, .waiting, .drifted, .failed, .missing, .refused])
    func `what does not run well now is not proven`(_ state: AppStatus.State) async throws {
        #expect(try await Self.codes { $0.states["web"] = state } == ["not-proven"])
    }

    /// It runs, and well, and yet the last deployment of it did not prove it.
    @Test func `what runs well and was never proven is refused`() async throws {
        let rows: [[Row]] = [
            [], [Row(Entry("web", Self.old, Self.new, .patched))], [Row(Entry("web", Self.old, Self.new, nil))],
            [
                Row(
                    Entry("web", Self.old, Self.new),
                    verification: .init(
                        check: "job/smoke", outcome: .failed, failureCode: "verify-missing", failure: nil))
            ],
            [Row(Entry("web", Self.old, Self.new)), Row(Entry("web", Self.old, Self.new, .patched))],
            [Row(Entry("web", Self.old, Self.new, uid: "another"))],
        ]
        for (index, history) in rows.enumerated() {
            #expect(try await Self.codes { $0.history = history } == ["not-proven"], "row \(index)")
        }
    }

    /// One app failed, the others were left as they are, and the check of the whole did not follow.
    @Test func `where a check belongs to the proof, it must have been made`() async throws {
        let half = Row(Entry("web", Self.old, Self.new), Entry("api", Self.old, Self.new, .failed))
        let passed = Deployment.Verification(check: "job/smoke", outcome: .passed, failureCode: nil, failure: nil)
        let rows: [(Row, Bool, [String])] = [
            (half, false, []), (half, true, ["not-proven"]),
            (Row(Entry("web", Self.old, Self.new), verification: passed), true, []),
            // Deployed before there was a check.
            (Row(Entry("web", Self.old, Self.new)), true, []),
        ]
        for (row, verifies, expected) in rows {
            #expect(try await Self.codes { ($0.history, $0.verifies) = ([row], verifies) } == expected)
        }
    }

    @Test func `a version that failed is refused by name, wherever it did`() async throws {
        let failed = [Row(Entry("web", Self.old, Self.new, .failed))]
        let source = try await Self.problems { $0.history = [Row(Entry("web", Self.old, Self.new))] + failed }
        #expect(source.map(\.code) == ["quarantined"])
        #expect(source.first?.message.contains("\(Self.new) failed in STAGE, in deployment 2: image-pull: ") == true)
        let target = try await Self.problems { $0.targetHistory = failed }
        #expect(target.map(\.code) == ["quarantined"])
        #expect(target.first?.message.contains("failed in LIVE, in deployment 1") == true)
        // The cause is mended.
        #expect(try await Self.codes { ($0.targetHistory, $0.request.retries) = (failed, true) } == [])
        #expect(try await Self.codes { $0.targetHistory = failed + [Row(Entry("web", Self.old, Self.new))] } == [])
    }

    /// Proven at the end of the first hour.
    @Test func `a soak begins with the proof`() async throws {
        let soak = Duration.seconds(3600)
        #expect(try await Self.codes { $0.request.soak = soak } == [])
        #expect(try await Self.codes { ($0.request.soak, $0.hours) = (soak + .seconds(1), 2) } == ["soaking"])
        #expect(try await Self.codes { ($0.request.soak, $0.hours) = (soak, 0) } == ["soaking"])
        // Another version was tried and taken back in between.
        #expect(
            try await Self.codes {
                $0.history.append(Row(Entry("web", Self.new, "1.2.0-rc-0123456", .failed)))
                $0.request.soak = soak
            } == ["soaking"])
    }

    /// What is there, what is to come, and what becomes of it.
    @Test func `newer by numbers, then by channel, and never by hex`() async throws {
        let rows: [(String, String, [String])] = [
            ("1.0.9-rc-fffffff", "1.0.10-rc-0000000", []), ("1.0.10-rc-0000000", "1.0.9-rc-fffffff", ["downgrade"]),
            ("1.1.0-rc-fffffff", "1.1.0-release-0000000", []),
            ("1.1.0-release-0000000", "1.1.0-rc-fffffff", ["downgrade"]),
            ("1.1.0-rc-0000000", "1.1.0-rc-fffffff", ["order-unknown"]),
            ("1.1.0-rc-fffffff", "1.1.0-rc-0000000", ["order-unknown"]),
            // The same commit, written at length.
            ("1.1.0-rc-0123456", "1.1.0-rc-0123456789", []),
        ]
        for (there, here, expected) in rows {
            func change(_ question: inout Question) {
                (question.target["web"], question.source["web"]) = (there, here)
                question.history = [Row(Entry("web", there, here))]
            }
            #expect(try await Self.codes(change) == expected, "\(there) → \(here)")
            let allowed = try await Self.codes {
                change(&$0)
                $0.request.allowsDowngrade = true
            }
            #expect(allowed == [], "\(there) → \(here)")
        }
    }

    @Test func `of equal numbers the source's history decides`() async throws {
        let rows: [(SourceRelation, [String])] = [
            (.descends, []), (.precedes, ["downgrade"]), (.diverged, ["order-unknown"]),
            (.absent("0123456"), ["order-unknown"]), (.noRepository, ["order-unknown"]),
        ]
        for (relation, expected) in rows {
            let found = try await Self.codes {
                $0.target["web"] = "1.1.0-rc-0123456"
                $0.lineage = { app, old, new in
                    app == "web" && old == "0123456" && new == "020c8bb" ? relation : .descends
                }
            }
            #expect(found == expected, "\(relation)")
        }
    }

    @Test func `where only releases may run, the candidate's own release is taken if it was proven`() async throws {
        func question(_ history: [Row], _ targetHistory: [Row]) -> Question {
            var question = Question()
            question.channels = [.release]
            question.history = history + question.history
            question.targetHistory = targetHistory
            return question
        }
        let proof = Row(Entry("web", Self.old, Self.release))
        for (history, targetHistory) in [([proof], []), ([], [proof])] {
            let chosen = try await question(history, targetHistory).ask()
            #expect(chosen.versions["web"]?.text == Self.release)
            #expect(chosen.reasons["web"]?.insteadOf?.text == Self.new)
            #expect(chosen.reasons["web"]?.proof?.environment == (history.isEmpty ? "LIVE" : "STAGE"))
        }
        // It is there already.
        var there = question([], [proof])
        there.target["web"] = Self.release
        let unchanged = try await there.ask()
        #expect(unchanged.versions.isEmpty && unchanged.notes.count == 1)
    }

    @Test func `else it is named, or what is missing`() async throws {
        let untried = Row(Entry("web", Self.old, Self.release, .rolledBack))
        let other = Row(Entry("web", Self.old, "1.1.0-release-1111111"))
        let rows: [([Row], String, String)] = [
            ([], "release-unknown", "no release of 1.1.0 is in the history of either"),
            ([Row(Entry("web", Self.old, "1.0.0-release-9f3c1d0"))], "release-unknown", "1.1.0"),
            ([untried], "release-not-proven", Self.release), ([untried, other], "release-ambiguous", Self.release),
        ]
        for (history, code, words) in rows {
            let problems = try await Self.problems {
                $0.channels = [.release]
                $0.history = history + $0.history
            }
            #expect(problems.map(\.code) == [code])
            #expect(problems.first?.message.contains(words) == true, "\(problems)")
        }
    }

    /// What nobody has deployed is named at least; what was proven is taken, whatever else was once built.
    @Test func `git's history is asked last`() async throws {
        let others = ["1.1.0-rc-1111111", "1.0.0-release-1111111"]
        for (past, code) in [
            ([Self.release], "release-not-proven"), ([Self.release, "1.1.0-release-1111111"], "release-ambiguous"),
            ([], "release-unknown"),
        ] {
            let problems = try await Self.problems {
                $0.channels = [.release]
                $0.past = ["web": past + others, "api": [Self.release]]
            }
            #expect(problems.map(\.code) == [code], "\(problems)")
            #expect(problems.first?.message.contains(Self.release) == !past.isEmpty, "\(problems)")
        }
        var question = Question()
        question.channels = [.release]
        question.history.insert(Row(Entry("web", Self.old, Self.release)), at: 0)
        question.past = ["web": ["1.1.0-release-1111111"]]
        #expect(try await question.ask().versions["web"]?.text == Self.release)
    }

    @Test func `all that both have, or those that are named`() async throws {
        var question = Question()
        question.request.apps = nil
        question.source = ["api": Self.new, "extra": Self.new, "web": Self.new]
        question.target = ["api": Self.new, "job": Self.old, "web": Self.old]
        let chosen = try await question.ask()
        // `api` is there already, whoever has proven it.
        #expect(chosen.versions.mapValues(\.text) == ["web": Self.new])
        #expect(chosen.notes == ["left out, because LIVE has no such app: extra"])
        question.request.apps = ["web", "extra", "job", "wep"]
        do {
            _ = try await question.ask()
            Issue.record("apps were promoted that are not there")
        } catch let error as Refused {
            #expect(error.diagnostics.map(\.code) == ["unknown-app", "unknown-app", "unknown-app"])
            #expect(error.diagnostics.map(\.file) == ["LIVE:d", "STAGE:d", "STAGE:d"])
            #expect(error.diagnostics.last?.hint == "Did you mean \"web\"?")
        }
    }

    @Test func `one app that may not be promoted keeps the others back, and all of it is told at once`() async throws {
        let codes = try await Self.codes {
            $0.request.apps = nil
            $0.source = ["api": Self.new, "web": Self.new]
            $0.target = ["api": "2.0.0-rc-0123456", "web": Self.old]
            $0.states["web"] = .failed
            $0.history = [Row(Entry("web", Self.old, Self.new), Entry("api", Self.old, Self.new))]
        }
        #expect(codes == ["downgrade", "not-proven"])
    }
}
