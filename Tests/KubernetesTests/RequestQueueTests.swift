import Testing

@testable import Kubernetes

/// Which requests are sent and which wait, by what is in flight. Eight places, of which two are kept for what is urgent.
@Suite struct RequestQueueTests {
    private typealias Priority = RequestQueue.Priority

    /// A queue whose changes can be expected. Without a namespace, each request is about one of its own.
    private final class Scene {
        var queue = RequestQueue(limit: 8)
        private var last = 0
        private var claims: [Int: RequestQueue.Claim] = [:]
        /// In the order in which they were sent.
        private var inFlight: [Int] = []

        private func claim(_ priority: Priority, _ namespace: String?) -> RequestQueue.Claim {
            last += 1
            return RequestQueue.Claim(priority: priority, namespace: namespace ?? "own-\(last)")
        }

        func enter(_ id: Int, _ priority: Priority, _ namespace: String? = nil) -> Bool {
            let claim = claim(priority, namespace)
            claims[id] = claim
            guard queue.enter(id, claim) else { return false }
            inFlight.append(id)
            return true
        }

        func enterAtOnce(_ priority: Priority, _ namespace: String? = nil) -> Bool {
            queue.enterAtOnce(claim(priority, namespace))
        }

        func giveUp(_ id: Int) -> Bool { queue.giveUp(id) }

        /// The first one that was sent and fits has ended.
        func leave(_ priority: Priority, _ namespace: String? = nil) -> [Int] {
            let index = inFlight.firstIndex { id in
                claims[id]?.priority == priority && (namespace == nil || claims[id]?.namespace == namespace)
            }
            guard let index, let claim = claims[inFlight.remove(at: index)] else { return [] }
            let admitted = queue.leave(claim)
            inFlight += admitted
            return admitted
        }

        /// Takes requests in the order of their numbers, from 0 on.
        ///
        /// - Returns: those that are sent.
        func enter(_ priorities: [Priority]) -> [Int] {
            priorities.enumerated().filter { enter($0.offset, $0.element) }.map(\.offset)
        }

        /// The same of reads of these namespaces.
        func read(_ namespaces: [String]) -> [Int] {
            namespaces.enumerated().filter { enter($0.offset, .read, $0.element) }.map(\.offset)
        }
    }

    private static func reads(_ count: Int) -> [Priority] { Array(repeating: .read, count: count) }

    @Test func `six of eight places are for all, and eight for what is urgent`() {
        let scene = Scene()
        #expect(scene.enter(Self.reads(7) + [.write, .urgent, .urgent, .urgent]) == [0, 1, 2, 3, 4, 5, 8, 9])
        #expect(scene.queue.inFlight == 8)
        #expect(scene.queue.waiting == 3)
    }

    /// As each of the first six ends, in turn, and then two writes: what is urgent, then writes, then reads, then what follows;
    /// and of each kind what came first.
    @Test func `the order in which those that wait are sent`() {
        let scene = Scene()
        _ = scene.enter(
            Self.reads(6) + [.urgent, .urgent] + [
                .unhurried, .read, .write, .urgent, .unhurried, .read, .write, .urgent,
            ])
        let sent = (0..<6).flatMap { _ in scene.leave(.read) } + (0..<2).flatMap { _ in scene.leave(.write) }
        #expect(sent == [11, 15, 10, 14, 9, 13, 8, 12])
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

    // MARK: Namespaces

    /// Of six places four, three times as many as it leaves free: so the next one gets one at once, and the one after that the last.
    @Test func `a namespace leaves places for others`() {
        let scene = Scene()
        #expect(scene.read(Array(repeating: "a", count: 10)) == [0, 1, 2, 3])
        #expect(scene.enter(10, .read, "b"))
        #expect(!scene.enter(11, .read, "b"), "one more would leave none")
        #expect(scene.enter(12, .write, "c"))
        #expect(!scene.enter(13, .write, "d"), "none is left")
        #expect(scene.enter(14, .urgent, "a"), "what is urgent is bound by nothing but the limit")
        // What has waited for the longest time has no place yet: it would leave too few.
        #expect(scene.leave(.read, "a") == [13])
        #expect(scene.leave(.read, "a").isEmpty)
        #expect(scene.enter(15, .read, "e"))
    }

    /// All of one namespace's requests hang; those of a hundred others go past them, one after the other.
    @Test func `a namespace that hangs delays no other`() {
        let scene = Scene()
        _ = scene.read(Array(repeating: "a", count: 50))
        for id in 100..<200 {
            #expect(scene.enter(id, .write, "b-\(id)"))
            #expect(scene.leave(.write).isEmpty)
        }
        #expect(scene.queue.inFlight == 4)
        #expect(scene.queue.waiting == 46)
    }

    /// A long line of one namespace before a short one of another.
    @Test func `each namespace has its turn`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(6))
        for id in 10..<16 { #expect(!scene.enter(id, .read, "a")) }
        for id in 20..<22 { #expect(!scene.enter(id, .read, "b")) }
        #expect(!scene.enter(30, .read, "c"))
        let sent = (0..<6).flatMap { _ in scene.leave(.read) }
        #expect(sent == [10, 20, 30, 11, 21])
    }

    /// Its turn is over when nobody of it waits any more, and comes anew.
    @Test func `a namespace whose requests give up is passed over`() {
        let scene = Scene()
        _ = scene.enter(Self.reads(6))
        for id in 10..<13 { #expect(!scene.enter(id, .read, "a")) }
        for id in 10..<13 { #expect(scene.giveUp(id)) }
        #expect(!scene.enter(20, .read, "b"))
        #expect(!scene.enter(13, .read, "a"))
        #expect(scene.leave(.read) == [13], "its place in the row was kept")
        #expect(scene.leave(.read) == [20])
        #expect(scene.queue.waiting == 0)
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
