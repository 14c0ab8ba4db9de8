import Kubernetes
import Logging

/// Passes hints on to the replica that looks after an environment: one after the other, and those that come meanwhile as one.
struct HintRelay: Sendable {
    /// From one hint to the next at least.
    private static let pause = Duration.seconds(1)

    private let lease: EnvironmentLease
    private let context: LoopContext
    private let hints: AsyncStream<Void>
    private let hint: AsyncStream<Void>.Continuation

    init(_ lease: EnvironmentLease, _ context: LoopContext) {
        self.lease = lease
        self.context = context
        (hints, hint) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Comes back at once.
    func pass() { hint.yield() }

    /// Passes on until the task is cancelled.
    func run() async {
        for await _ in hints {
            do {
                if let holder = try await LeaseHint(lease: lease).give() {
                    context.tell(.hintPassedOn(environment: lease.environment, holder: holder))
                }
            } catch {
                // The holder's own poll finds what this was about.
                lease.logger.debug("A hint could not be passed on", metadata: ["error": "\(error)"])
            }
            do { try await context.time.sleep(context.time.now() + Self.pause) } catch { return }
        }
    }
}
