import Kubernetes
import Logging

/// Keeps a lease that is held, and gives it back.
struct LeaseRenewal: Sendable {
    let lease: EnvironmentLease
    let term: LeaseTerm
    let requests: AsyncStream<String>.Continuation
    let hints: AsyncStream<Void>.Continuation

    /// How often in a row somebody else's annotation may come in between.
    private static let attempts = 5
    private var time: LeaseTime { lease.time }

    /// Renews until the lease is lost, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - first: when the term began.
    ///   - timing: what the term was written with. A new one counts from the next renewal on: until then others keep to the old one.
    func run(from first: ContinuousClock.Instant, _ timing: LeaseTiming) async {
        defer {
            requests.finish()
            hints.finish()
        }
        var next = first + LeaseTiming.jittered(timing.renewal, chance: time.random())
        var told: String?
        var failures = 0
        var isHinted = false
        while true {
            do { try await time.sleep(next) } catch { return }
            let timing = lease.timing
            let sentAt = time.now()
            term.renewing(validUntil: sentAt + timing.validity)
            do {
                let renewed = try await write(within: timing.patience * (1 << min(failures, 2))) { old in
                    var new = old
                    new.term.holder = lease.holder.identity
                    new.term.seconds = Int(timing.duration.components.seconds)
                    new.term.renewed = MicroTime(time.date())
                    if let last = old.term.renewed { new.term.renewed = new.term.renewed?.following(last) }
                    // Remembered until the write is known to have arrived: its answer may be lost, and the hint gone by then.
                    if new.annotations.removeValue(forKey: LeaseHint.annotation) != nil { isHinted = true }
                    return new
                }
                guard let renewed else { return }
                // What has failed meanwhile need not wait any longer.
                if failures > 0 { isHinted = true }
                failures = 0
                term.renewed(renewed, validUntil: sentAt + timing.validity)
                let asking = renewed.annotations[LeaseCandidate.requestAnnotation]
                if let asking, asking != told, asking != lease.holder.identity { requests.yield(asking) }
                told = asking
                if isHinted { hints.yield() }
                isHinted = false
                next = sentAt + LeaseTiming.jittered(timing.renewal, chance: time.random())
            } catch {
                if Task.isCancelled { return }
                failures += 1
                let refusal = (error as? KubernetesError).flatMap { $0.category == .unreachable ? nil : $0 }
                term.notRenewed(refusal)
                lease.logger.debug("The lease could not be renewed", metadata: ["error": "\(error)"])
                next = time.now() + LeaseTiming.jittered(timing.retry, chance: time.random())
            }
        }
    }

    /// Ends the term, for the next one to begin at once. Where that fails the lease ends by itself.
    func release() async {
        do {
            let released = try await write(within: lease.timing.release) { old in
                var new = old
                new.term.holder = ""
                new.term.seconds = 1
                new.term.renewed = MicroTime(time.date())
                return new
            }
            if released == nil { lease.logger.debug("The lease had gone to somebody else when it was to be released") }
        } catch {
            lease.logger.debug("The lease could not be released and ends by itself", metadata: ["error": "\(error)"])
        }
    }

    /// Writes over what was written last, or over that as others have annotated it since.
    ///
    /// - Returns: nil where the lease is lost, which ``term`` knows by then.
    private func write(
        within patience: Duration, _ change: (Lease) -> Lease
    ) async throws -> Lease? {
        let cluster = lease.cluster.urgent.before(.now + patience)
        var old = term.lease
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try await cluster.write(change(old), over: old, namespace: lease.namespace)
            } catch let error as KubernetesError
                where [404, 409].contains(error.status) && attempt < Self.attempts
            {
                guard let current = try await cluster.lease(lease.name, namespace: lease.namespace) else {
                    // Somebody has deleted it, which takes it from nobody: it is made again.
                    old.resourceVersion = ""
                    continue
                }
                guard isMine(current) else {
                    let holder = current.term.holder
                    term.lost(.lost(to: holder.isEmpty ? nil : holder, environment: lease.environment))
                    return nil
                }
                old = current
            }
        }
    }

    /// Nobody else writes this holder's name, and this holder not for another term.
    private func isMine(_ current: Lease) -> Bool {
        current.term.holder == lease.holder.identity && current.term.acquired == term.lease.term.acquired
    }
}
