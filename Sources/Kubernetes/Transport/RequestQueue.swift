/// Which request goes next, and how many are in flight. Pure: a request is a number, and nothing waits in here.
///
/// In order of priority; within one each namespace in its turn, and there in order of arrival.
///
/// Requests that hang (an admission webhook that does not answer, say) keep their places for as long as their timeout is. So a
/// quarter of the places is kept for what is urgent, which costs nobody a lease. And of the others a namespace takes
/// at most three times as many as it leaves free: one alone three quarters of them, so that there are places for the next one, and
/// for the one after that. A namespace that has none may take the last one.
struct RequestQueue: Sendable {
    enum Priority: Int, Sendable, CaseIterable {
        /// What keeps a lease: see ``KubernetesClient/urgent``.
        case urgent
        case write
        case read
        /// What follows the writes of a pass: see ``KubernetesClient/unhurried``.
        case unhurried
    }

    /// What a place is asked for.
    struct Claim: Sendable, Hashable {
        var priority: Priority
        /// Empty where the request is about none.
        var namespace: String
    }

    private var places: Places
    private var lines: [Line] = Priority.allCases.map { _ in Line() }

    /// - Parameter limit: at least 2: one place for what is urgent, one for the rest.
    init(limit: Int) { places = Places(limit: max(2, limit)) }

    var inFlight: Int { places.taken }

    /// How many wait.
    var waiting: Int { lines.reduce(0) { $0 + $1.count } }

    /// - Returns: whether it may be sent now. Those that wait cannot take the place: else they would have been given it.
    mutating func enterAtOnce(_ claim: Claim) -> Bool {
        guard places.has(claim) else { return false }
        places.take(claim)
        return true
    }

    /// - Returns: whether it may be sent now; else it waits in line.
    mutating func enter(_ id: Int, _ claim: Claim) -> Bool {
        if enterAtOnce(claim) { return true }
        lines[claim.priority.rawValue].append(id, claim.namespace)
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
    mutating func leave(_ claim: Claim) -> [Int] {
        places.free(claim)
        var admitted: [Int] = []
        for priority in Priority.allCases {
            while let next = lines[priority.rawValue].popFirst(priority, places) {
                places.take(Claim(priority: priority, namespace: next.namespace))
                admitted.append(next.id)
            }
        }
        return admitted
    }
}

extension RequestQueue {
    /// Those of the requests in flight.
    private struct Places: Sendable {
        let limit: Int
        /// Those that only urgent requests take.
        var reserved: Int { max(1, limit / 4) }
        private(set) var taken = 0
        /// Of those taken, the ones that are not urgent, by namespace.
        private var ordinary: [String: Int] = [:]
        private var ordinaryTaken = 0

        init(limit: Int) { self.limit = limit }

        /// Those that are not kept for what is urgent.
        private var ordinaryFree: Int { min(limit - taken, limit - reserved - ordinaryTaken) }

        /// For one namespace or another.
        func areFree(_ priority: Priority) -> Bool {
            priority == .urgent ? taken < limit : ordinaryFree > 0
        }

        func has(_ claim: Claim) -> Bool {
            guard areFree(claim.priority) else { return false }
            guard claim.priority != .urgent, let own = ordinary[claim.namespace] else { return true }
            return own + 1 <= 3 * (limit - reserved - ordinaryTaken - 1)
        }

        mutating func take(_ claim: Claim) {
            taken += 1
            guard claim.priority != .urgent else { return }
            ordinaryTaken += 1
            ordinary[claim.namespace, default: 0] += 1
        }

        mutating func free(_ claim: Claim) {
            taken -= 1
            guard claim.priority != .urgent else { return }
            ordinaryTaken -= 1
            let left = (ordinary[claim.namespace] ?? 1) - 1
            ordinary[claim.namespace] = left == 0 ? nil : left
        }
    }

    /// Those that wait with one priority; those that gave up are passed over.
    private struct Line: Sendable {
        /// Of one namespace, in the order in which they came.
        private struct Queue: Sendable {
            var order: [Int] = []
            var next = 0
            /// Of those in `order`, how many have not given up.
            var count = 0
        }

        private var queues: [String: Queue] = [:]
        /// The namespaces with a queue; the next one's turn is first.
        private var turns: [String] = []
        private var waiting: [Int: String] = [:]

        var count: Int { waiting.count }

        mutating func append(_ id: Int, _ namespace: String) {
            if queues[namespace] == nil { turns.append(namespace) }
            queues[namespace, default: Queue()].order.append(id)
            queues[namespace]?.count += 1
            waiting[id] = namespace
        }

        mutating func remove(_ id: Int) -> Bool {
            guard let namespace = waiting.removeValue(forKey: id) else { return false }
            queues[namespace]?.count -= 1
            if queues[namespace]?.count == 0 { queues[namespace] = Queue() }
            return true
        }

        /// The first one for which there is a place.
        mutating func popFirst(_ priority: Priority, _ places: Places) -> (id: Int, namespace: String)? {
            guard count > 0, places.areFree(priority) else { return nil }
            var index = 0
            while index < turns.count {
                let namespace = turns[index]
                let isEmpty = queues[namespace]?.count == 0
                guard isEmpty || places.has(Claim(priority: priority, namespace: namespace)) else {
                    index += 1
                    continue
                }
                turns.remove(at: index)
                if let id = pop(namespace) { return (id, namespace) }
            }
            return nil
        }

        /// Takes the first one of the namespace, whose turn then comes last.
        private mutating func pop(_ namespace: String) -> Int? {
            guard var queue = queues.removeValue(forKey: namespace) else { return nil }
            while queue.next < queue.order.count {
                let id = queue.order[queue.next]
                queue.next += 1
                guard waiting.removeValue(forKey: id) != nil else { continue }
                queue.count -= 1
                if queue.next >= 64, queue.next * 2 > queue.order.count {
                    queue.order.removeFirst(queue.next)
                    queue.next = 0
                }
                if queue.count > 0 {
                    queues[namespace] = queue
                    turns.append(namespace)
                }
                return id
            }
            return nil
        }
    }
}
