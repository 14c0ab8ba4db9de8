import FoundationEssentials
import Kubernetes
import Reconciling
import Synchronization
import TestServers

/// Several replicas that want one environment's lease and write whenever they have it, each on a machine of its own: the
/// machines are killed, stand still, and have clocks that are wrong.
public final class LeaseRivals: Sendable {
    /// What happens to them.
    public struct Trouble: OptionSet, Sendable, CustomStringConvertible {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// A machine is gone without a word, and another one comes.
        public static let kills = Trouble(rawValue: 1)
        /// A machine stands still for longer than its lease lasts, and goes on.
        public static let pauses = Trouble(rawValue: 2)
        /// The calendars are years apart, and jump.
        public static let calendars = Trouble(rawValue: 4)
        /// The clocks differ in their pace by up to a tenth.
        public static let paces = Trouble(rawValue: 8)
        /// Writes do not get through.
        public static let faults = Trouble(rawValue: 16)
        /// How many leases each of them has to keep differs, and changes by hundreds.
        public static let loads = Trouble(rawValue: 32)

        public var description: String {
            let names: [(Trouble, String)] = [
                (.kills, "kills"), (.pauses, "pauses"), (.calendars, "calendars"), (.paces, "paces"),
                (.faults, "faults"), (.loads, "loads"),
            ]
            return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
        }
    }

    /// A write that the API server has carried out.
    struct Write: Sendable {
        var resourceVersion: Int
        var transitions: Int
        var replica: Int
    }

    private struct State {
        var writes: [Write] = []
        var held: [Int: HeldLease] = [:]
        var killed: Set<Int> = []
        var tasks: [Int: Task<Void, Never>] = [:]
        var nextReplica = 0
        /// When the holder was killed, until another one has taken its place.
        var orphaned: Duration?
        var gaps: [Duration] = []
        var violations: [String] = []
        var refused = 0
    }

    private let cluster: KubernetesClient
    private let environment: Reconciling.Environment
    private let trouble: Trouble
    private let time: VirtualTime
    private let state = Mutex(State())
    private let disturb: @Sendable (_ chance: Double) -> Void

    /// - Parameters:
    ///   - cluster: may create ConfigMaps and write Leases in the environment's namespace.
    ///   - disturb: makes something go wrong in the API server.
    public init(
        _ cluster: KubernetesClient, environment: Reconciling.Environment, trouble: Trouble, seed: UInt64,
        disturb: @escaping @Sendable (_ chance: Double) -> Void = { _ in }
    ) {
        self.cluster = cluster
        self.environment = environment
        self.trouble = trouble
        self.disturb = disturb
        time = VirtualTime(seed: seed)
    }

    public struct Outcome: Sendable {
        /// What must never be; empty.
        public var violations: [String]
        public var writes: Int
        /// How many holders there were.
        public var terms: Int
        /// From the death of a holder until the next one may write.
        public var gaps: [Duration]
        /// Writes that were not sent.
        public var refused: Int
    }

    /// Lets so many of them go on for so long.
    public func run(_ replicas: Int, for duration: Duration) async -> Outcome {
        for _ in 0..<replicas { start() }
        var nextTrouble = Duration.seconds(20)
        while time.now < duration, await time.step() {
            look()
            guard time.now >= nextTrouble else { continue }
            nextTrouble = time.now + .seconds(time.random(in: 5..<40))
            makeTrouble()
        }
        let tasks = state.withLock { state in
            defer { state.tasks = [:] }
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        return outcome()
    }

    private func outcome() -> Outcome {
        state.withLock { state in
            let writes = state.writes.sorted { $0.resourceVersion < $1.resourceVersion }
            for (one, next) in zip(writes, writes.dropFirst())
            where next.transitions < one.transitions
                || next.transitions == one.transitions && next.replica != one.replica
            {
                state.violations.append("\(next) was carried out after \(one)")
            }
            return Outcome(
                violations: state.violations, writes: writes.count, terms: Set(writes.map(\.transitions)).count,
                gaps: state.gaps, refused: state.refused)
        }
    }

    /// Never two who may write.
    private func look() {
        state.withLock { state in
            let able = state.held.filter { !state.killed.contains($0.key) && Self.may($0.value) }.keys
            if able.count > 1 { state.violations.append("at \(time.now) replicas \(able.sorted()) may write") }
        }
    }

    private static func may(_ held: HeldLease) -> Bool {
        do {
            try held.check()
            return true
        } catch {
            return false
        }
    }

    private func makeTrouble() {
        let chance = time.random(in: 0..<1)
        let (holder, all) = state.withLock { ($0.held.keys.min(), Array($0.tasks.keys).sorted()) }
        if trouble.contains(.faults) { disturb(chance) }
        guard let victim = chance < 0.7 ? holder ?? all.first : all.last else { return }
        if trouble.contains(.kills), !trouble.contains(.pauses) || chance < 0.5 {
            kill(victim)
            start()
        } else if trouble.contains(.pauses) {
            time.pause(victim, until: time.now + .seconds(time.random(in: 5..<40)))
        }
    }

    private func kill(_ replica: Int) {
        let task = state.withLock { state in
            state.killed.insert(replica)
            if state.held[replica] != nil, state.orphaned == nil { state.orphaned = time.now }
            return state.tasks.removeValue(forKey: replica)
        }
        task?.cancel()
    }

    private func start() {
        let replica = state.withLock { state in
            state.nextReplica += 1
            return state.nextReplica
        }
        time.tasks(replica, 1)
        let task = Task {
            await compete(replica)
            time.tasks(replica, -1)
        }
        state.withLock { $0.tasks[replica] = task }
    }

    private func compete(_ replica: Int) async {
        let years = trouble.contains(.calendars) ? Double(replica % 5 - 2) * 3.2e7 : 0
        let jumps = trouble.contains(.calendars)
        let machine = time.machine(
            replica, rate: trouble.contains(.paces) ? 0.9 + 0.05 * Double(replica % 5) : 1,
            calendar: { now in
                // Stands still for minutes, then is an hour further back.
                let seconds = jumps ? -3600 * (now / .seconds(100)).rounded(.down) : now / .seconds(1)
                return Date(timeIntervalSince1970: 1.8e9 + years + seconds)
            })
        let alive = cluster.guarded { [self] in
            if state.withLock({ $0.killed.contains(replica) }) { throw CancellationError() }
        }
        let lease = EnvironmentLease(
            cluster: alive, environment: environment, holder: LeaseHolder(identity: "replica-\(replica)"),
            claim: .replica(upSince: machine.now()), leases: { [self] in leases(of: replica) }, time: machine,
            logger: TestOutput.logger)
        while !Task.isCancelled {
            do {
                try await lease.whileHeld(patience: nil) { held in try await self.work(replica, held, alive, machine) }
            } catch {
                // Lost, killed, or not reached: on with it after a moment.
                do { try await machine.sleep(machine.now() + .seconds(1)) } catch { return }
            }
        }
    }

    /// Another number every fifteen seconds.
    private func leases(of replica: Int) -> Int {
        guard trouble.contains(.loads) else { return 1 }
        return [1, 1260, 400, 1, 800, 210, 1000][(Int(time.now / .seconds(15)) + replica * 3) % 7]
    }

    /// Writes once in a while, for a while, and longer where it is told off.
    private func work(
        _ replica: Int, _ held: HeldLease, _ alive: KubernetesClient, _ machine: LeaseTime
    ) async throws {
        time.tasks(replica, 1)
        state.withLock { state in
            state.held[replica] = held
            if let orphaned = state.orphaned { state.gaps.append(time.now - orphaned) }
            state.orphaned = nil
        }
        defer {
            state.withLock { $0.held[replica] = nil }
            time.tasks(replica, -1)
        }
        let transitions = held.transitions
        let end = machine.now() + .seconds(time.random(in: 20..<200))
        while machine.now() < end {
            try await write(replica, transitions, held, alive)
            try await machine.sleep(machine.now() + .seconds(time.random(in: 0.1..<2)))
        }
    }

    private func write(_ replica: Int, _ transitions: Int, _ held: HeldLease, _ alive: KubernetesClient) async throws {
        // Time goes on while a write waits for the lease to be renewed.
        let isWaiting = Mutex(false)
        @Sendable func waits(_ now: Bool) {
            guard
                isWaiting.withLock({ old in
                    defer { old = now }; return old != now
                })
            else { return }
            time.tasks(replica, now ? -1 : 1)
        }
        defer { waits(false) }
        let writing = held.guarding(alive.guarded { waits(true) }).guarded { waits(false) }
        let name = "write-\(replica)-\(UInt64.random(in: .min ... .max))"
        do {
            let map = try await writing.write(
                ConfigMap(name: name, data: ["replica": "\(replica)"]), over: ConfigMap(name: name),
                namespace: environment.namespace)
            let write = Write(
                resourceVersion: Int(map.resourceVersion) ?? 0, transitions: transitions, replica: replica)
            state.withLock { $0.writes.append(write) }
        } catch let error as KubernetesError {
            // A holder that has lost its lease goes on until it is stopped.
            state.withLock { $0.refused += error.code.hasPrefix("lock-") ? 1 : 0 }
        }
    }
}
