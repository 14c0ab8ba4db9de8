import FoundationEssentials
import Synchronization
import Testing

@testable import Reconciling

/// How many passes are under way at each API server, and when one no longer counts.
@Suite(.timeLimit(.minutes(15))) struct PassSlotsTests {
    private static let one = PassSlots.Server(server: "https://one", kubeconfig: nil, context: nil)
    private static let other = PassSlots.Server(server: "https://other", kubeconfig: nil, context: nil)

    /// Time that passes for one who sleeps whenever the test says so.
    private final class Hand: Sendable {
        private let state = Mutex<(sleepers: [(id: Int, CheckedContinuation<Void, Never>)], last: Int)>(([], 0))

        var time: LoopTime {
            LoopTime(now: { .now }, date: { Date() }, sleep: { _ in try await self.sleep() }, random: { 0.5 })
        }

        private func sleep() async throws {
            let id = state.withLock { state in
                state.last += 1
                return state.last
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isCancelled = state.withLock { state in
                        if !Task.isCancelled { state.sleepers.append((id, continuation)) }
                        return Task.isCancelled
                    }
                    if isCancelled { continuation.resume() }
                }
            } onCancel: {
                let sleeper = state.withLock { state in
                    state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
                }
                sleeper?.1.resume()
            }
            try Task.checkCancellation()
        }

        /// Wakes the one that has slept the longest, once there is one.
        func wake() async {
            while true {
                let sleeper = state.withLock { $0.sleepers.isEmpty ? nil : $0.sleepers.removeFirst() }
                if let sleeper { return sleeper.1.resume() }
                await Task.yield()
            }
        }
    }

    /// Passes that go on until they are told to end.
    private final class Passes: Sendable {
        let slots: PassSlots
        let hand = Hand()
        let isBusy = Mutex(false)
        private let begun = Mutex<[String]>([])
        private let givingBack = Mutex<[String: @Sendable () -> Void]>([:])
        private let depth = Depth()

        private final class Depth: Sendable { let value = Mutex(0) }

        init(_ count: Int) {
            slots = PassSlots(count, patience: .seconds(2), time: hand.time) { [depth] waiting in
                depth.value.withLock { $0 = waiting }
            }
        }

        func start(_ name: String, at server: PassSlots.Server = one) -> Task<Void, any Error> {
            Task {
                try await slots.run(at: server, isBusy: { self.isBusy.withLock { $0 } }) { giveBack in
                    self.givingBack.withLock { $0[name] = giveBack }
                    self.begun.withLock { $0.append(name) }
                    let (never, end) = AsyncStream<Void>.makeStream()
                    for await _ in never {}
                    end.finish()
                }
            }
        }

        /// It goes on, without its place.
        func giveBack(_ name: String) { givingBack.withLock { $0[name] }?() }

        /// Waits until these have begun, and so many wait.
        func wait(_ names: [String], waiting: Int) async {
            while begun.withLock({ $0 }) != names || depth.value.withLock({ $0 }) != waiting { await Task.yield() }
        }
    }

    @Test func `one that has begun to write gives its place to the next, once`() async throws {
        let passes = Passes(1)
        let first = passes.start("first")
        await passes.wait(["first"], waiting: 0)
        let second = passes.start("second")
        await passes.wait(["first"], waiting: 1)
        let third = passes.start("third")
        await passes.wait(["first"], waiting: 2)
        passes.giveBack("first")
        await passes.wait(["first", "second"], waiting: 1)
        passes.giveBack("first")
        first.cancel()
        _ = await first.result
        await passes.wait(["first", "second"], waiting: 1)
        second.cancel()
        await passes.wait(["first", "second", "third"], waiting: 0)
        third.cancel()
        _ = await [second.result, third.result]
    }

    @Test func `one that ends gives its place to the next, in the order in which they came`() async throws {
        let passes = Passes(1)
        let first = passes.start("first")
        await passes.wait(["first"], waiting: 0)
        let second = passes.start("second")
        await passes.wait(["first"], waiting: 1)
        let third = passes.start("third")
        await passes.wait(["first"], waiting: 2)
        first.cancel()
        await passes.wait(["first", "second"], waiting: 1)
        third.cancel()
        await #expect(throws: CancellationError.self) { try await third.value }
        await passes.wait(["first", "second"], waiting: 0)
        second.cancel()
        _ = await [first.result, second.result]
    }

    /// An API server that hangs keeps its own passes, and no others.
    @Test func `each API server has places of its own`() async throws {
        let passes = Passes(1)
        let tasks = [passes.start("first")]
        await passes.wait(["first"], waiting: 0)
        let waiting = passes.start("second")
        await passes.wait(["first"], waiting: 1)
        let elsewhere = passes.start("elsewhere", at: Self.other)
        await passes.wait(["first", "elsewhere"], waiting: 1)
        for task in tasks + [waiting, elsewhere] { task.cancel() }
        for task in tasks + [waiting, elsewhere] { _ = await task.result }
    }

    @Test func `one that waits no longer counts after a while`() async throws {
        let passes = Passes(1)
        let tasks = [passes.start("first")]
        await passes.wait(["first"], waiting: 0)
        let second = passes.start("second")
        await passes.wait(["first"], waiting: 1)
        await passes.hand.wake()
        await passes.wait(["first", "second"], waiting: 0)
        for task in tasks + [second] { task.cancel() }
        for task in tasks + [second] { _ = await task.result }
    }

    /// While requests wait, a further pass would only make them wait for longer; but no pass keeps its place for ever.
    @Test(arguments: [1, 5, 14]) func `it counts on while the API server is busy`(_ times: Int) async throws {
        let passes = Passes(1)
        passes.isBusy.withLock { $0 = true }
        let first = passes.start("first")
        await passes.wait(["first"], waiting: 0)
        let second = passes.start("second")
        await passes.wait(["first"], waiting: 1)
        for _ in 0..<times { await passes.hand.wake() }
        await passes.wait(["first"], waiting: 1)
        if times < 14 { passes.isBusy.withLock { $0 = false } }
        await passes.hand.wake()
        await passes.wait(["first", "second"], waiting: 0)
        for task in [first, second] { task.cancel() }
        for task in [first, second] { _ = await task.result }
    }
}
