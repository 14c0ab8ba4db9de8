import Synchronization
import TestServers
import Testing

@testable import Git

/// Many branches of one repository that change together: one request for all of them, and none that is in the way of the others.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
struct ManyBranchesTests {
    private static let start = 1_750_000_000
    private static let names = (0..<40).map { "E\($0)" }

    private final class Fetches: Sendable {
        private let number = Mutex(0)

        var count: Int { number.withLock { $0 } }

        func record(_ observation: RequestObservation) {
            if observation.operation == .fetch { number.withLock { $0 += 1 } }
        }
    }

    /// A commit on each branch, at this many days.
    private static func commit(_ fixture: GitFixture, _ text: String, day: Int) async throws {
        for (index, name) in names.enumerated() {
            try await fixture.commit(
                to: name, ["a": .text("\(text) of \(name)")], time: start + day * 86_400 + index)
        }
    }

    /// A repository all of whose branches have a commit, which a reader has accepted; then each has another one.
    private static func changed(
        _ body: (GitFixture, GitRepository, Fetches) async throws -> Void
    ) async throws {
        let fixture = try await GitFixture()
        try await commit(fixture, "first", day: 0)
        let fetches = Fetches()
        var reader = try Reader()
        reader.options.onRequest = fetches.record
        try await reader.open(fixture.path) { repository in
            let tips = try await repository.refs().branches
            try await repository.fetch(tips: tips)
            #expect(fetches.count == 1)
            for (branch, tip) in tips {
                let fetched = try await repository.fetch(branch: branch, tip: tip)
                #expect(fetched.previous == nil && !fetched.isRewrite)
                try await repository.accept(fetched)
            }
            #expect(fetches.count == 1)
            try await commit(fixture, "second", day: 1)
            try await body(fixture, repository, fetches)
        }
    }

    /// Looks at each branch as its environment's pass does.
    private static func look(_ repository: GitRepository, at tips: [BranchName: CommitID]) async throws -> [BranchTip] {
        var found: [BranchTip] = []
        for (branch, tip) in tips {
            let fetched = try await repository.fetch(branch: branch, tip: tip)
            let text = String(decoding: try await repository.file(at: "a", in: tip), as: UTF8.self)
            #expect(text == "second of \(branch)")
            found.append(fetched)
        }
        return found
    }

    @Test func `one request brings all of them`() async throws {
        try await Self.changed { _, repository, fetches in
            let tips = try await repository.refs().branches
            try await repository.fetch(tips: tips)
            #expect(fetches.count == 2)
            let found = try await Self.look(repository, at: tips)
            #expect(found.count == 40 && found.allSatisfy { !$0.isRewrite && $0.previous != nil })
            try await repository.fetch(tips: tips)
            #expect(fetches.count == 2, "all of it is there")
        }
    }

    /// Its commit is gone by the time that it is asked for: the others are there after a few requests, and it says so itself.
    @Test func `a commit that is gone holds up no other`() async throws {
        try await Self.changed { _, repository, fetches in
            var tips = try await repository.refs().branches
            let (lost, gone) = (try BranchName("E7"), try CommitID(String(repeating: "1", count: 40)))
            tips[lost] = gone
            try await repository.fetch(tips: tips)
            // 40 branches are found out by halves: 20, 10, 5, 3, 2, 1.
            #expect(fetches.count > 2 && fetches.count <= 15, "\(fetches.count)")
            let before = fetches.count
            tips[lost] = nil
            #expect(try await Self.look(repository, at: tips).allSatisfy { !$0.isRewrite })
            #expect(fetches.count == before)
            #expect(try await code { _ = try await repository.fetch(branch: lost, tip: gone) } == "commit-gone")
        }
    }

    /// One was force-pushed, one was moved back: they are known as that, and the others as what they are.
    @Test func `branches that were rewritten hold up no other`() async throws {
        try await Self.changed { fixture, repository, _ in
            try await fixture.commit(
                to: "E3", ["a": "second of E3"], parent: .none, time: Self.start + 2 * 86_400)
            let old = try await fixture.git("rev-parse", "E5~1").filter { !$0.isWhitespace }
            try await repository.accept(
                try await repository.fetch(
                    branch: BranchName("E5"), tip: CommitID(try await fixture.tip(of: "E5"))))
            try await fixture.move("E5", to: old)
            let tips = try await repository.refs().branches
            try await repository.fetch(tips: tips)
            let rewritten = try await Self.look(repository, at: tips.filter { $0.key.description != "E5" })
                .filter(\.isRewrite).map(\.branch.description)
            #expect(rewritten == ["E3"])
            #expect(try await repository.fetch(branch: BranchName("E5"), tip: CommitID(old)).isRewrite)
        }
    }

    /// Whoever accepts while others do is recorded with them; none is lost, in this process or for the next one.
    @Test func `many are accepted at the same time`() async throws {
        let fixture = try await GitFixture()
        try await Self.commit(fixture, "first", day: 0)
        let reader = try Reader()
        let tips = try await reader.open(fixture.path) { repository in
            let tips = try await repository.refs().branches
            try await repository.fetch(tips: tips)
            try await withThrowingTaskGroup { group in
                for (branch, tip) in tips {
                    group.addTask {
                        try await repository.accept(try await repository.fetch(branch: branch, tip: tip))
                        #expect(try await repository.accepted(branch) == tip)
                    }
                }
                try await group.waitForAll()
            }
            return tips
        }
        try await reader.open(fixture.path) { repository in
            for (branch, tip) in tips {
                let accepted = try await repository.accepted(branch)
                #expect(accepted == tip)
            }
        }
    }

    /// What another process accepts, or fetches, is seen at once, although the state is not read each time.
    @Test func `two that use the same cache see what the other does`() async throws {
        try await Self.changed { fixture, repository, fetches in
            let branch = try BranchName("E0")
            let tip = try CommitID(try await fixture.tip(of: "E0"))
            let first = try await repository.accepted(branch)
            #expect(first != nil && first != tip)
            let other = try GitRepository(
                remote: repository.remote, options: await repository.options, logger: await repository.logger)
            try await other.accept(try await other.fetch(branch: branch, tip: tip))
            await other.close()
            #expect(try await repository.accepted(branch) == tip)
            let before = fetches.count
            #expect(try await repository.fetch(branch: branch, tip: tip).previous == tip)
            #expect(fetches.count == before)
        }
    }

    /// A cache that was thrown away for its many packs is filled by one request, too.
    @Test func `a new cache is filled at once`() async throws {
        try await Self.changed { fixture, repository, fetches in
            for day in 2..<54 {
                try await fixture.commit(to: "E0", ["a": .text("\(day)")], time: Self.start + day * 86_400)
                let tip = try CommitID(try await fixture.tip(of: "E0"))
                try await repository.accept(try await repository.fetch(branch: BranchName("E0"), tip: tip))
            }
            try await fixture.commit(to: "E0", ["a": "second of E0"], time: Self.start + 60 * 86_400)
            let tips = try await repository.refs().branches
            let before = fetches.count
            try await repository.fetch(tips: tips)
            #expect(fetches.count - before <= 2, "as many as there are ages")
            #expect(try await Self.look(repository, at: tips).allSatisfy { !$0.isRewrite })
        }
    }
}
