/// What one forge has still to be told, and what it has been. Pure: time and chance are handed in.
///
/// Each environment has a line of its own, in which the newest status of a commit replaces the one before it. A forge that is
/// away, or asks for a pause, holds all lines; a token that is not taken holds its own.
struct ForgeQueue: Sendable {
    struct Delivery: Sendable, Hashable {
        let context: StatusContext
        let settings: CommitStatusSettings
        let status: CommitStatus
        let since: ContinuousClock.Instant
    }

    enum Next: Sendable, Hashable {
        /// - Parameter known: what the forge was told of this commit before; nil where that is not known.
        case send(Delivery, known: CommitStatus?)
        case wait(until: ContinuousClock.Instant)
        /// It waited for longer than is of use to anybody.
        case expired(Delivery)
        case idle
    }

    private struct Line: Sendable {
        var waiting: [Delivery] = []
        var notBefore: ContinuousClock.Instant?
        var failures = 0
        /// On its way now; it may also be among those that wait, until it has arrived.
        var underWay: Delivery?
        /// The last status of each commit, the most recent commit last.
        var said: [CommitStatus] = []

        /// What the forge has of a commit, or has in a moment.
        func current(_ commit: String) -> CommitStatus? {
            if let underWay, underWay.status.commit == commit { return underWay.status }
            return said.first { $0.commit == commit }
        }
    }

    static let patience = Duration.seconds(3600)
    private static let mostWaiting = 32
    private static let mostRemembered = 64

    private var lines: [String: Line] = [:]
    /// The lines in which something waits, the one that was served longest ago first.
    private var order: [String] = []
    private var notBefore: ContinuousClock.Instant?
    private var failures = 0

    /// Adds a status, unless it is no news.
    mutating func put(_ delivery: Delivery) {
        let name = delivery.context.environment
        var line = lines[name] ?? Line()
        let commit = delivery.status.commit
        let waiting = line.waiting.first { $0.status.commit == commit }?.status
        if let waiting, !delivery.status.isNews(over: waiting) { return }
        line.waiting.removeAll { $0.status.commit == commit }
        if line.current(commit).map({ delivery.status.isNews(over: $0) }) ?? true {
            line.waiting.append(delivery)
            if line.waiting.count > Self.mostWaiting { line.waiting.removeFirst() }
        }
        lines[name] = line
        if !line.waiting.isEmpty, !order.contains(name) { order.append(name) }
    }

    mutating func next(at now: ContinuousClock.Instant) -> Next {
        order.removeAll { lines[$0]?.waiting.isEmpty ?? true }
        for name in order {
            guard let old = lines[name]?.waiting.first(where: { $0.since + Self.patience < now }) else { continue }
            lines[name]?.waiting.removeAll { $0 == old }
            return .expired(old)
        }
        if order.isEmpty { return .idle }
        if let notBefore, notBefore > now { return .wait(until: notBefore) }
        let ready = order.firstIndex { lines[$0]?.notBefore.map { $0 <= now } ?? true }
        guard let ready else {
            return order.compactMap { lines[$0]?.notBefore }.min().map { .wait(until: $0) } ?? .idle
        }
        let name = order.remove(at: ready)
        order.append(name)
        guard let line = lines[name], let delivery = line.waiting.first else { return .idle }
        lines[name]?.underWay = delivery
        return .send(delivery, known: line.said.first { $0.commit == delivery.status.commit })
    }

    /// The forge has this status of the delivery's commit: the delivery's own, or one that it had already.
    mutating func said(_ status: CommitStatus, after delivery: Delivery) {
        (notBefore, failures) = (nil, 0)
        update(delivery) { line in
            (line.notBefore, line.failures) = (nil, 0)
            let isRemembered = line.underWay == delivery
            line.underWay = nil
            line.waiting.removeAll {
                $0 == delivery || $0.status.commit == status.commit && !$0.status.isNews(over: status)
            }
            guard isRemembered else { return }
            line.said.removeAll { $0.commit == status.commit }
            line.said.append(status)
            if line.said.count > Self.mostRemembered { line.said.removeFirst() }
        }
    }

    /// - Returns: when it is tried again; nil where it is dropped.
    mutating func failed(
        _ delivery: Delivery, _ failure: ForgeFailure, at now: ContinuousClock.Instant, chance: Double
    ) -> Duration? {
        update(delivery) { $0.underWay = nil }
        switch failure.kind {
        case .refused:
            update(delivery) { line in line.waiting.removeAll { $0 == delivery } }
            return nil
        case .passing(let after):
            failures += 1
            let pause = max(Self.backOff(failures, from: .seconds(1), chance), after ?? .zero)
            notBefore = now + pause
            return pause
        case .denied:
            var pause = Duration.zero
            update(delivery) { line in
                line.failures += 1
                pause = Self.backOff(line.failures, from: .seconds(60), chance)
                line.notBefore = now + pause
            }
            return pause
        }
    }

    /// What others may have told the forge since is not known any more.
    mutating func forget(_ environment: String) {
        lines[environment]?.said = []
        lines[environment]?.underWay = nil
    }

    private mutating func update(_ delivery: Delivery, _ change: (inout Line) -> Void) {
        guard var line = lines[delivery.context.environment] else { return }
        change(&line)
        lines[delivery.context.environment] = line
    }

    /// Doubles from `first` to five minutes; the second half is chance, so that many do not come back at the same moment.
    private static func backOff(_ failures: Int, from first: Duration, _ chance: Double) -> Duration {
        let full = min(first * (1 << min(failures - 1, 20)), .seconds(300))
        return full / 2 + full * (chance / 2)
    }
}

extension CommitStatus {
    /// False where the commit's status stays as it is.
    ///
    /// What was proven stays so while drift at the same commit is put right, or somebody else's failure keeps Descry from
    /// looking: only a failure of the commit itself takes a success back.
    func isNews(over old: CommitStatus) -> Bool {
        if (state, description) == (old.state, old.description) { return false }
        switch (state, old.state) {
        case (.pending, .pending), (.pending, .success), (.success, .success): return false
        case (.error, .success), (.error, .failure): return false
        case (.superseded, .success), (.superseded, .failure), (.superseded, .superseded): return false
        default: return true
        }
    }
}
