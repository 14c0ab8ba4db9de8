import FoundationEssentials
import Reconciling
import Synchronization

/// One time for many, which stands while anybody is busy and then jumps to when the next one wants to wake up: minutes pass as
/// fast as the requests in them.
public final class VirtualTime: Sendable {
    private struct Sleeper {
        var owner: Int
        /// On this clock.
        var deadline: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var random: SeededGenerator
        var sleepers: [Int: Sleeper] = [:]
        var nextSleeper = 0
        /// Cancelled before they fell asleep.
        var cancelled: Set<Int> = []
        /// By machine: tasks that are expected to sleep, less those that wait for something else than time.
        var tasks: [Int: Int] = [:]
        var pauses: [Int: Duration] = [:]
        var idle: CheckedContinuation<Void, Never>?

        var isQuiet: Bool {
            let asleep = sleepers.values.reduce(into: [Int: Int]()) { $0[$1.owner, default: 0] += 1 }
            return tasks.allSatisfy { $0.value <= asleep[$0.key] ?? 0 }
        }
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    public init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

    public var now: Duration { state.withLock(\.now) }

    public func random(in range: Range<Double>) -> Double {
        state.withLock { Double.random(in: range, using: &$0.random) }
    }

    /// The clocks of one machine.
    ///
    /// - Parameters:
    ///   - rate: how fast its clock runs.
    ///   - calendar: what its calendar says at a moment of this clock.
    public func machine(
        _ owner: Int, rate: Double = 1, calendar: @escaping @Sendable (Duration) -> Date
    ) -> LeaseTime {
        let start = start
        return LeaseTime(
            now: { start + self.now * rate },
            date: { calendar(self.now) },
            // The microsecond is more than the rates' rounding, so that whoever wakes up finds that it is time.
            sleep: { try await self.sleep(owner, until: start.duration(to: $0) / rate + .microseconds(1)) },
            random: { self.random(in: 0..<1) })
    }

    /// Nothing of this machine goes on before then, although time does.
    public func pause(_ owner: Int, until end: Duration) { state.withLock { $0.pauses[owner] = end } }

    /// One more task of this machine, or one less, that time waits for until it sleeps.
    public func tasks(_ owner: Int, _ change: Int) { changing { $0.tasks[owner, default: 0] += change } }

    /// Jumps to the next moment at which somebody wakes up, once all sleep.
    ///
    /// - Returns: false where nobody is left to wait for.
    public func step() async -> Bool {
        await withCheckedContinuation { continuation in
            let isQuiet = state.withLock { state in
                if !state.isQuiet { state.idle = continuation }
                return state.isQuiet
            }
            if isQuiet { continuation.resume() }
        }
        let due: [CheckedContinuation<Void, any Error>]? = state.withLock { state in
            let pauses = state.pauses
            func wakesUp(_ sleeper: Sleeper) -> Duration { max(sleeper.deadline, pauses[sleeper.owner] ?? .zero) }
            guard let next = state.sleepers.values.map(wakesUp).min() else {
                return state.tasks.values.allSatisfy { $0 == 0 } ? nil : []
            }
            state.now = max(state.now, next)
            let now = state.now
            let due = state.sleepers.filter { wakesUp($0.value) <= now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        guard let due else { return false }
        for continuation in due { continuation.resume() }
        if due.isEmpty { await Task.yield() }
        return true
    }

    private func changing(_ change: (inout State) -> Void) {
        let idle = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            guard state.isQuiet else { return nil }
            defer { state.idle = nil }
            return state.idle
        }
        idle?.resume()
    }

    private func sleep(_ owner: Int, until deadline: Duration) async throws {
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var isCancelled = false
                changing { state in
                    isCancelled = state.cancelled.remove(id) != nil
                    guard !isCancelled else { return }
                    state.sleepers[id] = Sleeper(owner: owner, deadline: deadline, continuation: continuation)
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                if state.sleepers[id] == nil { state.cancelled.insert(id) }
                return state.sleepers.removeValue(forKey: id)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

/// Chance that is the same each time: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
