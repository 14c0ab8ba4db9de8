import Testing

@testable import Git

/// Which branches are asked for together, by how much history each needs.
@Suite struct FetchBatchTests {
    private static let day: Int64 = 86_400
    private static let now: Int64 = 1_750_000_000

    private static func want(_ index: Int, _ history: FetchRequest.History) throws -> FetchBatch.Want {
        let hex = String(index, radix: 16)
        let tip = try CommitID(String(repeating: "0", count: 40 - hex.count) + hex)
        return FetchBatch.Want(branch: try BranchName("b\(index)"), tip: tip, history: history)
    }

    private static func batches(_ histories: [FetchRequest.History]) throws -> [[String]] {
        let wants = try histories.enumerated().map { try want($0.offset, $0.element) }
        return FetchBatch.batches(wants).map { $0.wants.map(\.branch.description).sorted() }
    }

    /// New branches; those of about the same age; one that was left alone for months costs the others no history.
    @Test func `branches are put together by the history that they need`() throws {
        #expect(try Self.batches([]) == [])
        #expect(try Self.batches([.commits(1), .commits(1), .commits(1)]) == [["b0", "b1", "b2"]])
        #expect(
            try Self.batches([
                .since(Self.now), .since(Self.now - Self.day / 2), .commits(1), .since(Self.now - 200 * Self.day),
                .since(Self.now - Self.day / 3),
            ]).map(Set.init) == [["b0", "b1", "b4"], ["b2"], ["b3"]])
    }

    /// A thousand branches of all ages take few requests, of which none reaches back four times as far as a branch of it needs.
    @Test func `few requests, none of which brings much too much`() throws {
        let ages = (0..<1000).map { Int64($0) * Self.day }
        let wants = try ages.enumerated().map { try Self.want($0.offset, .since(Self.now - $0.element)) }
        let batches = FetchBatch.batches(wants)
        #expect(batches.count <= 6)
        #expect(batches.reduce(0) { $0 + $1.wants.count } == 1000)
        for batch in batches {
            guard case .since(let since) = batch.history else {
                Issue.record("\(batch.history)")
                continue
            }
            for want in batch.wants {
                guard case .since(let own) = want.history else { continue }
                #expect(since <= own)
                #expect(Self.now - since < max(4 * (Self.now - own), Self.day))
            }
        }
    }

    @Test func `a batch asks for as much as any of its branches needs, and can be divided`() throws {
        let wants = [try Self.want(0, .since(9)), try Self.want(1, .since(5)), try Self.want(2, .since(7))]
        let batch = FetchBatch(wants: wants)
        #expect(batch.history == .since(5))
        #expect(batch.halves.map { $0.wants.count } == [1, 2])
        #expect(batch.halves.flatMap(\.wants) == wants)
        #expect(batch.halves[0].halves.isEmpty)
        #expect(
            FetchBatch(wants: [try Self.want(0, .commits(3)), try Self.want(1, .commits(9))]).history == .commits(9))
    }
}
