import FoundationEssentials

/// How long the simulated node takes.
struct PodTiming: Sendable {
    /// From a pod's assignment to its containers' start.
    var start: TimeInterval = 0.3
    /// From the request to end to the end.
    var termination: TimeInterval = 0.1
    /// Until a container with the fate `slow` is ready.
    var slow: TimeInterval = 3
    /// For how long a container with the fate `crashlater` is ready.
    var late: TimeInterval = 2
}

/// Everything in the sandbox that acts by itself: the controllers of workloads, the scheduler and node, the garbage collector.
struct Controllers: Sendable {
    let store: ObjectStore
    var timing = PodTiming()

    /// Acts on each write until the task is cancelled.
    func run() async {
        let clock = ContinuousClock()
        let (began, date) = (clock.now, Date())
        var queue = ControllerQueue(store: store, timing: timing)
        while !Task.isCancelled {
            let signals = store.signals()  // from before the reading, so that no write goes unseen
            let elapsed = (clock.now - began) / .seconds(1)
            let due = queue.settle(at: date.addingTimeInterval(elapsed))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { return } }
                if let due {
                    let moment = began.advanced(by: .seconds(due.timeIntervalSince(date)))
                    group.addTask {
                        do { try await clock.sleep(until: moment) } catch { return }  // cancelled: a write came first
                    }
                }
                await group.next()
                group.cancelAll()
            }
        }
    }
}
