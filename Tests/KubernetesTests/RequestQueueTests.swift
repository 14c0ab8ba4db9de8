import Testing

@testable import Kubernetes

/// Which requests are sent and which wait, by what is in flight. Eight places, of which two are kept for what is urgent.
@Suite struct RequestQueueTests {
    private typealias Priority = RequestQueue.Priority

    /// A queue whose changes can be expected.
    private final class Scene {
        var queue = RequestQueue(limit: 8)

        func enter(_ id: Int, _ priority: Priority) -> Bool { queue.enter(id, priority) }
        func enterAtOnce(_ priority: Priority) -> Bool { queue.enterAtOnce(priority) }
        func giveUp(_ id: Int) -> Bool { queue.giveUp(id) }
        func leave(_ priority: Priority) -> [Int] { queue.leave(priority).map(\.id) }

        /// Takes requests in the order of their numbers, from 0 on.
        ///
        /// - Returns: those that are sent.
        func enter(_ priorities: [Priority]) -> [Int] {
            priorities.enumerated().filter { enter($0.offset, $0.element) }.map(\.offset)
        }
    }

    private static func reads(_ count: Int) -> [Priority] { Array(repeating: .read, count: count) }

    @Test func `six of eight places are for all, and eight for what is urgent`() {
        let scene = Scene()
        #expect(scene.enter(Self.reads(7) + [.write, .urgent, .urgent, .urgent]) == [0, 1, 2, 3, 4, 5, 8, 9])
        #expect(scene.queue.inFlight == 8)
        #expect(scene.queue.waiting == 3)
    }

    /// As each of the first six ends, in turn: what is urgent, then writes, then reads; and of each kind what came first.
    @Test func `the order in which those that wait are sent`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(6) + [.urgent, .urgent] + [.read, .write, .urgent, .read, .write, .urgent])
        let sent = (0..<6).flatMap { _ in scene.leave(.read) }
        #expect(sent == [10, 13, 9, 12, 8, 11])
        #expect(scene.queue.waiting == 0)
    }

    /// Six reads that hang keep every place that they may have; what is urgent goes past them, one after the other.
    @Test func `what is urgent never waits for what hangs`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(20))
        for id in 100..<200 {
            #expect(scene.enter(id, .urgent))
            #expect(scene.leave(.urgent).isEmpty)
        }
        #expect(scene.queue.inFlight == 6)
        #expect(scene.queue.waiting == 14)
    }

    /// While urgent requests take more than their share, the others wait; each place goes back to whom it is for.
    @Test func `the share of the urgent is no bound on them`() {
        let scene = Scene()
        #expect(scene.enter(Array(repeating: .urgent, count: 9) + [.read]) == Array(0..<8))
        #expect(scene.leave(.urgent) == [8])
        #expect(scene.leave(.urgent) == [9])
        for _ in 0..<7 { #expect(scene.leave(.urgent).isEmpty) }
        #expect(scene.queue.inFlight == 1)
    }

    @Test func `one that gives up is passed over, and only once`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(9))
        #expect(scene.giveUp(6))
        #expect(!scene.giveUp(6))
        #expect(!scene.giveUp(0), "it is in flight")
        #expect(scene.leave(.read) == [7])
        #expect(!scene.giveUp(7))
        #expect(scene.queue.waiting == 1)
    }

    /// A free place goes to nobody at once while others of the same or a higher priority wait for it.
    @Test func `nobody jumps the line`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(7))
        #expect(!scene.enterAtOnce(.read))
        #expect(!scene.enterAtOnce(.write), "all places for it are taken")
        #expect(scene.enterAtOnce(.urgent))
        #expect(scene.leave(.read) == [6])
        #expect(!scene.enterAtOnce(.read))
    }

    /// A long line, most of which gives up.
    @Test func `thousands wait, and what is left comes in order`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(10_000))
        let gaveUp = (6..<10_000).count { $0 % 100 != 0 && scene.giveUp($0) }
        #expect(gaveUp == 9895)
        var sent: [Int] = []
        while scene.queue.inFlight > 0 { sent += scene.leave(.read) }
        #expect(sent == stride(from: 100, to: 10_000, by: 100).map { $0 })
        #expect(scene.queue.waiting == 0)
    }

    @Test(arguments: [-1, 0, 1, 2]) func `there is always a place for both`(limit: Int) {
        let scene = Scene()
        scene.queue = RequestQueue(limit: limit)
        #expect(scene.enter(0, .read))
        #expect(!scene.enter(1, .read))
        #expect(scene.enter(2, .urgent))
    }
}
