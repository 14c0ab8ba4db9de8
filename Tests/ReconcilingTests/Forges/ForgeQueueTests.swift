import Testing

@testable import Reconciling

/// What is told next, what not at all, and when it is tried again.
@Suite struct ForgeQueueTests {
    let start = ContinuousClock.now
    var queue = ForgeQueue()

    private func delivery(
        _ state: CommitStatus.State, _ commit: String = "a", _ environment: String = "DEV", text: String? = nil,
        at seconds: Int = 0
    ) throws -> ForgeQueue.Delivery {
        let file = """
            environment: \(environment)
            repository: https://git.example.com/shop/deployments.git
            namespace: shop
            registry: nexus.example.com/shop
            forge: {provider: gitea, tokenFile: token}
            """
        let resolved = try EnvironmentSettings.parse(Array(file.utf8), file: "x.yaml").resolve(name: environment)
        let settings = try #require(resolved.forge?.statuses)
        return ForgeQueue.Delivery(
            context: StatusContext(resolved, settings), settings: settings,
            status: CommitStatus(commit: commit, state, text ?? state.rawValue), since: start + .seconds(seconds))
    }

    /// The forge takes what is next.
    private static func take(_ queue: inout ForgeQueue, at now: ContinuousClock.Instant) {
        if case .send(let delivery, _) = queue.next(at: now) { queue.said(delivery.status, after: delivery) }
    }

    /// Every status that the queue gives, each of them taken by the forge.
    private mutating func told(at seconds: Int = 0) -> [String] {
        var told: [String] = []
        while case .send(let delivery, _) = queue.next(at: start + .seconds(seconds)) {
            told.append("\(delivery.context.environment) \(delivery.status.commit) \(delivery.status.state)")
            queue.said(delivery.status, after: delivery)
        }
        return told
    }

    @Test mutating func theNewestOfACommitReplacesTheOneBefore() throws {
        let all = try [
            delivery(.pending), delivery(.pending, "b"), delivery(.failure), delivery(.success),
            delivery(.superseded, "b"),
        ]
        for each in all { queue.put(each) }
        let told = told()
        #expect(told == ["DEV a success", "DEV b superseded"])
        #expect(queue.next(at: start) == .idle)
    }

    /// What was told before, against what is to be told of the same commit.
    @Test(
        arguments: [
            // The same again is nothing new, nor is a pass that puts drift right at a commit that is proven.
            (.success, .success, false), (.pending, .pending, false), (.success, .pending, false),
            // What is not the commit's fault takes nothing back.
            (.success, .error, false), (.failure, .error, false), (.success, .superseded, false),
            (.failure, .superseded, false),
            // A failure, a repetition after one, and every end of what was begun are news.
            (.success, .failure, true), (.failure, .pending, true), (.failure, .success, true),
            (.error, .success, true),
            (.pending, .success, true), (.pending, .failure, true), (.pending, .error, true),
            (.pending, .superseded, true),
            (.superseded, .success, true), (.superseded, .pending, true),
        ] as [(CommitStatus.State, CommitStatus.State, Bool)])
    func onlyNewsAreTold(before: CommitStatus.State, after: CommitStatus.State, isNews: Bool) throws {
        var queue = ForgeQueue()
        let first = try delivery(before)
        queue.put(first)
        Self.take(&queue, at: start)
        queue.put(try delivery(after, text: "other words"))
        #expect((queue.next(at: start) != .idle) == isNews)
        // The same holds for what waits yet.
        var waiting = ForgeQueue()
        waiting.put(first)
        waiting.put(try delivery(after, text: "other words"))
        guard case .send(let next, _) = waiting.next(at: start) else { throw Unexpected() }
        #expect((next.status.state == after && next.status.description == "other words") == isNews)
    }

    private struct Unexpected: Error {}

    /// What is under way counts as told: a repetition after a failure that has not yet arrived is news, and what the forge turns
    /// out to have is not sent after it.
    @Test mutating func whatIsUnderWayCounts() throws {
        let pending = try delivery(.pending)
        queue.put(pending)
        guard case .send(let first, _) = queue.next(at: start) else { throw Unexpected() }
        queue.put(try delivery(.failure))
        queue.said(first.status, after: first)
        guard case .send(let second, _) = queue.next(at: start) else { throw Unexpected() }
        queue.put(pending)
        queue.said(second.status, after: second)
        guard case .send(let third, _) = queue.next(at: start) else { throw Unexpected() }
        #expect(third.status.state == .pending)
        let proven = try delivery(.success)
        queue.put(proven)
        queue.said(proven.status, after: third)
        #expect(queue.next(at: start) == .idle)
    }

    @Test mutating func anotherReasonIsNews() throws {
        for text in ["a failed", "a failed", "b failed"] {
            queue.put(try delivery(.failure, text: text))
            Self.take(&queue, at: start)
        }
        queue.put(try delivery(.failure, text: "b failed"))
        #expect(queue.next(at: start) == .idle)
    }

    /// A failure that was never told is no news any more once the commit is proven, as it was before.
    @Test mutating func whatWaitsGoesWhereTheForgeIsRightAgain() throws {
        let proven = try delivery(.success)
        queue.put(proven)
        Self.take(&queue, at: start)
        queue.put(try delivery(.failure))
        queue.put(try delivery(.success))
        #expect(queue.next(at: start) == .idle)
    }

    /// The status came while the one before it was on its way.
    @Test mutating func whatComesMeanwhileIsToldAfterwards() throws {
        let first = try delivery(.pending)
        queue.put(first)
        guard case .send(let sent, nil) = queue.next(at: start) else { throw Unexpected() }
        queue.put(try delivery(.success))
        queue.said(sent.status, after: sent)
        guard case .send(let next, let known) = queue.next(at: start) else { throw Unexpected() }
        #expect(next.status.state == .success && known == first.status)
    }

    @Test mutating func environmentsTakeTurns() throws {
        for commit in ["a", "b"] {
            for environment in ["DEV", "LIVE"] { queue.put(try delivery(.success, commit, environment)) }
        }
        #expect(told() == ["DEV a success", "LIVE a success", "DEV b success", "LIVE b success"])
    }

    /// A token that is not taken holds its own environment only.
    @Test mutating func aRefusedTokenHoldsNobodyElse() throws {
        queue.put(try delivery(.success, "a", "DEV"))
        guard case .send(let first, _) = queue.next(at: start) else { throw Unexpected() }
        let denied = ForgeFailure(.denied, "forge-unauthorized", "no")
        #expect(queue.failed(first, denied, at: start, chance: 1) == .seconds(60))
        queue.put(try delivery(.success, "a", "LIVE"))
        #expect(told(at: 1) == ["LIVE a success"])
        #expect(queue.next(at: start + .seconds(1)) == .wait(until: start + .seconds(60)))
        #expect(told(at: 60) == ["DEV a success"])
    }

    /// A forge that is away is not asked by everybody in turn, and not before it wants to be.
    @Test mutating func aForgeThatIsAwayHoldsAll() throws {
        for environment in ["DEV", "LIVE"] { queue.put(try delivery(.success, "a", environment)) }
        let away = ForgeFailure(.passing(after: nil), "forge-unreachable", "no")
        var pauses: [Duration] = []
        var now = start
        for _ in 0..<12 {
            guard case .send(let delivery, _) = queue.next(at: now) else { throw Unexpected() }
            let failed = queue.failed(delivery, away, at: now, chance: 1)
            let pause = try #require(failed)
            pauses.append(pause)
            #expect(queue.next(at: now) == .wait(until: now + pause))
            now += pause
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map { .seconds($0) })
        let asked = ForgeFailure(.passing(after: .seconds(900)), "forge-rate-limit", "no")
        guard case .send(let delivery, _) = queue.next(at: now) else { throw Unexpected() }
        #expect(queue.failed(delivery, asked, at: now, chance: 0) == .seconds(900))
    }

    @Test mutating func whatIsRefusedIsNotTriedAgain() throws {
        let each = try delivery(.success)
        queue.put(each)
        #expect(queue.failed(each, ForgeFailure(.refused, "forge-refused", "no"), at: start, chance: 1) == nil)
        #expect(queue.next(at: start) == .idle)
    }

    /// After an hour nobody looks at it any more.
    @Test mutating func whatIsOldIsGivenUp() throws {
        let each = try delivery(.success)
        queue.put(each)
        queue.put(try delivery(.success, "b", at: 10))
        #expect(queue.next(at: start + .seconds(3601)) == .expired(each))
        #expect(told(at: 3601) == ["DEV b success"])
    }

    @Test mutating func memoryIsBounded() throws {
        for number in 0..<100 { queue.put(try delivery(.success, "\(number)")) }
        #expect(told() == (68..<100).map { "DEV \($0) success" })
        for number in 100..<200 {
            queue.put(try delivery(.success, "\(number)"))
            _ = told()
        }
        queue.put(try delivery(.success, "199"))
        #expect(queue.next(at: start) == .idle)
        queue.put(try delivery(.success, "100"))
        guard case .send(_, known: nil) = queue.next(at: start) else { throw Unexpected() }
    }

    @Test mutating func whatIsForgottenIsAskedFor() throws {
        let each = try delivery(.success)
        queue.put(each)
        Self.take(&queue, at: start)
        queue.forget("DEV")
        queue.put(each)
        #expect(queue.next(at: start) == .send(each, known: nil))
    }
}
