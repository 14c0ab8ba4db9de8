import Dispatch

/// An executor that runs an actor's work on one dispatch queue, so that blocking calls never occupy the cooperative pool
/// and each stretch between two suspensions stays on one thread (libgit2's last error is per thread).
///
/// `DispatchSerialQueue`, which is one itself, doesn't exist on Linux.
final class SerialQueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
