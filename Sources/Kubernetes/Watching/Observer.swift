import AsyncHTTPClient
import Logging
import NIOCore

/// Carries out a ``WatchPlan`` for one observation.
struct Observer<Object: ClusterObject>: Sendable {
    let client: KubernetesClient
    let scope: ListScope
    let buffer: ObservationBuffer<Object.Value>

    private var transport: Transport { client.transport }
    private var time: TimeSource { transport.options.time }

    /// Runs until it is cancelled or something cannot be mended by trying again.
    ///
    /// - Parameter list: what to begin with; nil: it is read.
    func run(after list: consuming ResourceList<Object.Value>?) async throws {
        var plan = WatchPlan()
        if let list {
            buffer.replace(list.items)
            plan.listed(resourceVersion: list.resourceVersion)
        }
        while true {
            try Task.checkCancellation()
            let start = time.now()
            do {
                switch plan.step {
                case .list:
                    let list = try await client.list(Object.self, scope)
                    buffer.replace(list.items)
                    plan.listed(resourceVersion: list.resourceVersion)
                case .watch(let resourceVersion):
                    plan = try await watch(from: resourceVersion, plan)
                    try await pause(
                        plan.ended(.clean(lasted: start.duration(to: time.now())), chance: time.random()), plan)
                }
            } catch let interruption as Interruption {
                plan = interruption.plan
                try await pause(after: interruption, lasted: start.duration(to: time.now()), &plan)
            } catch let error as KubernetesError {
                try await pause(
                    after: Interruption(plan: plan, error: error), lasted: start.duration(to: time.now()), &plan)
            }
        }
    }

    /// A watch that ended in the middle, with how far it had come.
    private struct Interruption: Error {
        var plan: WatchPlan
        var error: KubernetesError
        /// It had been opened, so the token was good then.
        var wasOpen = false
    }

    /// - Throws: the error, where trying again cannot help.
    private func pause(
        after interruption: Interruption, lasted: Duration, _ plan: inout WatchPlan
    ) async throws {
        let error = interruption.error
        // A token that ends while its watch is open has a successor, which the next request reads; where it has none, that
        // request is refused for good.
        let isPassing = transport.isPassing(error) || interruption.wasOpen && error.status == 401
        guard let ending = WatchPlan.Ending(error, lasted: lasted, isPassing: isPassing) else {
            throw error
        }
        if ending != .gone {
            transport.logger.warning(
                "Observation was interrupted",
                metadata: ["of": "\(scope.purpose("watch"))", "code": "\(error.code)", "reason": "\(error.message)"])
            buffer.interrupt(error)
        }
        let pause = plan.ended(ending, chance: time.random())
        try await self.pause([pause, error.retryAfter].compactMap { $0 }.max(), plan)
    }

    private func pause(_ duration: Duration?, _ plan: WatchPlan) async throws {
        guard let duration else { return }
        transport.logger.debug(
            "Observation pauses",
            metadata: [
                "of": "\(scope.purpose("watch"))", "failures": "\(plan.failures)", "pause": "\(duration)",
            ])
        try await time.sleep(duration)
    }

    /// Watches until the server ends the stream in good order.
    private func watch(from resourceVersion: String, _ start: WatchPlan) async throws -> WatchPlan {
        // Five to ten minutes, as client-go does, so that the watches of many clients do not end at the same moment.
        let seconds = 300 + Int(300 * time.random())
        let request = scope.request(
            "watch",
            [
                ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
                ("timeoutSeconds", "\(seconds)"),
            ])
        let limit = transport.options.lineLimit
        return try await transport.watch(request, priority: client.priority(of: request)) { body in
            var plan = start
            do {
                var framer = LineFramer(limit: limit)
                try await TransportFailure.catching {
                    for try await chunk in body {
                        for line in try lines(of: chunk, &framer) { try take(line, &plan) }
                    }
                }
                // A last event without a line end is whole only if it can be read.
                if let rest = framer.finish() { try take(rest, &plan) }
                return plan
            } catch let error as KubernetesError {
                throw Interruption(plan: plan, error: error, wasOpen: true)
            } catch let failure as TransportFailure {
                throw Interruption(plan: plan, error: await transport.describe(failure, purpose: request.purpose))
            }
        }
    }

    private func lines(of chunk: ByteBuffer, _ framer: inout LineFramer) throws(KubernetesError) -> [ByteBuffer] {
        do {
            return try framer.append(chunk)
        } catch {
            throw .unreadableEvent(scope.purpose("watch"), "is larger than \(error.limit) bytes")
        }
    }

    private func take(_ line: ByteBuffer, _ plan: inout WatchPlan) throws {
        let event: WatchEvent<Object>
        do {
            event = try WatchEvent(line: line)
        } catch {
            throw KubernetesError.unreadableEvent(scope.purpose("watch"), "is not what the API promises")
        }
        switch event {
        case .changed(let object):
            buffer.put(.changed(object.value()))
            plan.advanced(to: object.metadata.resourceVersion ?? "")
        case .deleted(let object):
            buffer.put(.deleted(object.value()))
            plan.advanced(to: object.metadata.resourceVersion ?? "")
        case .bookmark(let resourceVersion):
            plan.advanced(to: resourceVersion)
        case .refused(let status):
            throw KubernetesError.answered(status: status.code ?? 500, object: status, purpose: scope.purpose("watch"))
        }
    }
}

extension WatchPlan.Ending {
    /// Nil where trying again cannot help.
    ///
    /// - Parameter isPassing: a refusal of a server that is just starting.
    init?(_ error: KubernetesError, lasted: Duration, isPassing: Bool) {
        switch error.code {
        case "expired": self = .gone
        case "unreadable-event": self = .unreadable
        case _ where error.category == .unreachable || isPassing: self = .broken(lasted: lasted)
        default: return nil
        }
    }
}
