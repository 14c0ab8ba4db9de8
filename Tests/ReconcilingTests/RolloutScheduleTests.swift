import Descriptors
import Testing

@testable import Reconciling

/// Which apps go forward at a moment, and which go back, by what comes after what and by the policy.
@Suite struct RolloutScheduleTests {
    /// Each word is an app: `c<a,b` comes after a and b, `c!` is not critical, `(c)` needs nothing.
    private static func schedule(
        _ words: String, _ onFailure: RolloutSettings.OnFailure = .rollback
    ) throws -> RolloutSchedule {
        var lines: [String] = []
        var rolledOut: Set<String> = []
        for word in words.split(separator: " ") {
            let parts = word.filter { !"()".contains($0) }.split(separator: "<")
            let name = parts[0].filter { $0 != "!" }
            let after = parts.count > 1 ? ", after: [\(parts[1])]" : ""
            let critical = parts[0].hasSuffix("!") ? ", critical: false" : ""
            lines.append("  - {name: \(name), version: 1.0.0-rc-c0ffee0\(after)\(critical)}")
            if !word.hasPrefix("(") { rolledOut.insert(name) }
        }
        let text = "apps:\n" + lines.joined(separator: "\n")
        return RolloutSchedule(
            try Descriptor.parse(Array(text.utf8), file: "test.yaml").apps, rolledOut: rolledOut, onFailure: onFailure)
    }

    /// Everything that is handed out is written and proven at once; each string is what was handed out together.
    private static func rounds(_ schedule: inout RolloutSchedule) -> [String] {
        var rounds: [String] = []
        while true {
            let names = schedule.takeReady()
            if names.isEmpty { return rounds }
            rounds.append(names.joined(separator: " "))
            for name in names {
                schedule.written(name)
                schedule.proven(name)
            }
        }
    }

    @Test(arguments: [
        ("a b c", ["a b c"]),
        ("c<b b<a a", ["a", "b", "c"]),
        ("a b<a c<a d<b,c e", ["a e", "b c", "d"]),
        // What needs nothing is passed through, and what it comes after is still waited for.
        ("a (b<a) c<b", ["a", "c"]), ("(a) (b<a) c<b", ["c"]), ("(a) (b<a)", []),
    ])
    func `an app starts once all that it comes after is proven`(words: String, rounds: [String]) throws {
        var schedule = try Self.schedule(words)
        #expect(Self.rounds(&schedule) == rounds)
        #expect(schedule.isFinished)
    }

    @Test func `a chain does not wait for another one`() throws {
        var schedule = try Self.schedule("slow after-slow<slow quick after-quick<quick")
        #expect(schedule.takeReady() == ["slow", "quick"])
        schedule.proven("quick")
        #expect(schedule.takeReady() == ["after-quick"])
        schedule.proven("after-quick")
        #expect(schedule.takeReady().isEmpty && !schedule.isFinished)
        schedule.proven("slow")
        #expect(schedule.takeReady() == ["after-slow"])
    }

    @Test func `a failure sends everything written back, what came after first`() throws {
        var schedule = try Self.schedule("a b<a c<b d e<d")
        #expect(schedule.takeReady() == ["a", "d"])
        for name in ["a", "d"] { schedule.written(name) }
        schedule.proven("a")
        #expect(schedule.takeReady() == ["b"])
        schedule.written("b")
        schedule.proven("b")
        #expect(schedule.takeReady() == ["c"])
        schedule.failed("d")
        #expect(schedule.isReturning && schedule.names(.notStarted) == ["e"])
        // c's patch is under way: whether it is written is not known yet, and b may not go back before that.
        #expect(schedule.takeReturnable() == ["d"])
        schedule.written("c")
        #expect(schedule.takeReturnable() == ["c"])
        schedule.returned("d")
        #expect(schedule.takeReturnable().isEmpty)
        schedule.returned("c")
        #expect(schedule.takeReturnable() == ["b"])
        schedule.returned("b")
        #expect(schedule.takeReturnable() == ["a"])
        schedule.returned("a")
        #expect(schedule.isFinished && schedule.names(.returned) == ["a", "b", "c", "d"])
    }

    /// The app in between needs nothing, and c still came after a.
    @Test func `the order holds through apps that need nothing`() throws {
        var schedule = try Self.schedule("a (b<a) c<b x")
        #expect(schedule.takeReady() == ["a", "x"])
        schedule.written("a")
        schedule.proven("a")
        #expect(schedule.takeReady() == ["c"])
        schedule.written("c")
        schedule.failed("x")
        #expect(schedule.takeReturnable() == ["c"])
        schedule.returned("c")
        #expect(schedule.takeReturnable() == ["a"])
    }

    /// By an earlier pass that was killed: this one need not come to it for it to go back.
    @Test func `what an earlier pass had written goes back too`() throws {
        var schedule = try Self.schedule("a b<a c<b d")
        for name in ["b", "c", "d"] { schedule.resumed(name) }
        #expect(schedule.takeReady() == ["a", "d"])
        schedule.written("a")
        schedule.failed("a")
        // d's patch is under way: what becomes of it has to be known first.
        #expect(schedule.takeReturnable() == ["c"])
        schedule.failed("d")
        #expect(schedule.takeReturnable() == ["d"])
        for name in ["c", "d"] { schedule.returned(name) }
        #expect(schedule.takeReturnable() == ["b"])
        schedule.returned("b")
        #expect(schedule.takeReturnable() == ["a"])
        schedule.returned("a")
        #expect(schedule.isFinished)
    }

    @Test func `what an earlier pass had written goes back with the app that it comes after`() throws {
        var schedule = try Self.schedule("a! b<a c")
        schedule.resumed("b")
        #expect(schedule.takeReady() == ["a", "c"])
        schedule.written("a")
        schedule.failed("a")
        #expect(!schedule.isReturning && schedule.takeReturnable() == ["b"])
        schedule.returned("b")
        #expect(schedule.takeReturnable() == ["a"])
    }

    @Test func `a patch that was not sent leaves what an earlier pass had written to go back`() throws {
        var schedule = try Self.schedule("a b")
        schedule.resumed("b")
        _ = schedule.takeReady()
        schedule.failed("a")
        schedule.withdrawn("b")
        #expect(schedule.takeReturnable() == ["b"])
    }

    @Test func `what was never written does not go back`() throws {
        var schedule = try Self.schedule("a b")
        _ = schedule.takeReady()
        schedule.failed("a")
        #expect(schedule.takeReturnable().isEmpty && !schedule.isFinished)
        schedule.withdrawn("b")
        #expect(schedule.isFinished && schedule.names(.returned).isEmpty)
    }

    @Test(arguments: [
        (RolloutSettings.OnFailure.stop, ["b", "c"], ["a"], true),
        (.continue, ["b"], [String](), false),
    ])
    func `without rollback nothing goes back`(
        onFailure: RolloutSettings.OnFailure, notStarted: [String], forward: [String], isFinished: Bool
    ) throws {
        var schedule = try Self.schedule("x b<x a c<a", onFailure)
        _ = schedule.takeReady()
        for name in ["x", "a"] { schedule.written(name) }
        schedule.failed("x")
        #expect(schedule.names(.notStarted) == notStarted)
        schedule.proven("a")
        #expect(schedule.takeReady() == (onFailure == .continue ? ["c"] : []))
        #expect(schedule.takeReturnable().isEmpty)
        #expect(schedule.isFinished == isFinished || onFailure == .stop)
    }

    @Test func `an app that is not critical goes back alone`() throws {
        var schedule = try Self.schedule("a! b<a c d<c")
        #expect(schedule.takeReady() == ["a", "c"])
        for name in ["a", "c"] { schedule.written(name) }
        schedule.failed("a")
        #expect(!schedule.isReturning && schedule.takeReturnable() == ["a"])
        #expect(schedule.names(.notStarted) == ["b"])
        schedule.proven("c")
        #expect(schedule.takeReady() == ["d"])
        schedule.proven("d")
        schedule.returned("a")
        #expect(schedule.isFinished && schedule.names(.proven) == ["c", "d"])
    }

    @Test(arguments: [RolloutSettings.OnFailure.stop, .continue])
    func `an app that is not critical stops nothing`(onFailure: RolloutSettings.OnFailure) throws {
        var schedule = try Self.schedule("a! b c<b", onFailure)
        _ = schedule.takeReady()
        schedule.written("a")
        schedule.failed("a")
        schedule.proven("b")
        #expect(schedule.takeReady() == ["c"])
        #expect(schedule.phase(of: "a") == .failed)
    }

    /// One that failed alone is on its way back, and goes on with it, while everything else follows.
    @Test func `a critical failure after one that is not`() throws {
        var schedule = try Self.schedule("a! b c")
        _ = schedule.takeReady()
        for name in ["a", "b", "c"] { schedule.written(name) }
        schedule.failed("a")
        #expect(schedule.takeReturnable() == ["a"])
        schedule.failed("b")
        #expect(schedule.takeReturnable() == ["b", "c"])
        for name in ["a", "b", "c"] { schedule.returned(name) }
        #expect(schedule.isFinished)
    }

    @Test func `a deep chain needs no deep stack`() throws {
        let words = (0..<5_000).map { $0 == 0 ? "a0" : "(a\($0)<a\($0 - 1))" }.joined(separator: " ") + " z<a4999"
        var schedule = try Self.schedule(words)
        #expect(Self.rounds(&schedule) == ["a0", "z"])
        #expect(schedule.isFinished)
    }
}
