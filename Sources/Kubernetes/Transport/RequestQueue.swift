/// Which request goes next, and how many are in flight. Pure: a request is a number, and nothing waits in here.
///
/// In order of priority, and of arrival within one. A quarter of the places is kept for what is urgent, so that requests which
/// hang (an admission webhook that does not answer, say) cost nobody a lease.
struct RequestQueue: Sendable {
    enum Priority: Int, Sendable, CaseIterable {
        /// What keeps a lease: see ``KubernetesClient/urgent``.
        case urgent
        case write
        case read
    }

    let limit: Int
    /// Of the places, those that only urgent requests take.
    let reserved: Int
    private(set) var inFlight = 0
    /// Of those in flight, the ones that are not urgent.
    private var ordinary = 0
    private var lines: [Line] = Priority.allCases.map { _ in Line() }

    /// Requests in the order in which they came; those that gave up are passed over.
    private struct Line: Sendable {
        private var order: [Int] = []
        private var next = 0
        private var waiting: Set<Int> = []

        var count: Int { waiting.count }

        mutating func append(_ id: Int) {
            order.append(id)
            waiting.insert(id)
        }

        mutating func remove(_ id: Int) -> Bool { waiting.remove(id) != nil }

        mutating func popFirst() -> Int? {
            while next < order.count {
                let id = order[next]
                next += 1
                if next >= 64, next * 2 > order.count {
                    order.removeFirst(next)
                    next = 0
                }
                if waiting.remove(id) != nil { return id }
            }
            return nil
        }
    }

    /// - Parameter limit: at least 2: one place for what is urgent, one for the rest.
    init(limit: Int) {
        self.limit = max(2, limit)
        reserved = max(1, self.limit / 4)
    }

    /// How many wait.
    var waiting: Int { lines.reduce(0) { $0 + $1.count } }

    /// - Returns: whether it may be sent now, since there is a place and nobody of its priority or a higher one waits.
    mutating func enterAtOnce(_ priority: Priority) -> Bool {
        guard lines[...priority.rawValue].allSatisfy({ $0.count == 0 }), hasPlace(priority) else { return false }
        take(priority)
        return true
    }

    /// - Returns: whether it may be sent now; else it waits in line.
    mutating func enter(_ id: Int, _ priority: Priority) -> Bool {
        if enterAtOnce(priority) { return true }
        lines[priority.rawValue].append(id)
        return false
    }

    /// It does not want to be sent any more.
    ///
    /// - Returns: whether it was still waiting.
    mutating func giveUp(_ id: Int) -> Bool {
        Priority.allCases.contains { lines[$0.rawValue].remove(id) }
    }

    /// One that was in flight has ended.
    ///
    /// - Returns: those that may be sent now.
    mutating func leave(_ priority: Priority) -> [(id: Int, priority: Priority)] {
        inFlight -= 1
        if priority != .urgent { ordinary -= 1 }
        var admitted: [(id: Int, priority: Priority)] = []
        for priority in Priority.allCases {
            while hasPlace(priority), let id = lines[priority.rawValue].popFirst() {
                take(priority)
                admitted.append((id, priority))
            }
        }
        return admitted
    }

    private func hasPlace(_ priority: Priority) -> Bool {
        inFlight < limit && (priority == .urgent || ordinary < limit - reserved)
    }

    private mutating func take(_ priority: Priority) {
        inFlight += 1
        if priority != .urgent { ordinary += 1 }
    }
}
