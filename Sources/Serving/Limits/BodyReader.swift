import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Receives bodies of strangers: no more bytes than the limit, all of them by the deadline, and of all bodies together no more
/// than the budget.
final class BodyReader: Sendable {
    enum Refusal: Error, Hashable {
        case tooLarge, tooSlow, tooMany
        /// The client went away, or broke the protocol.
        case broken
    }

    private let limits: ServerLimits
    private let time: ServerTime
    private let held = Mutex(0)

    init(limits: ServerLimits, time: ServerTime) {
        self.limits = limits
        self.time = time
    }

    /// Bytes of all bodies that are being received or worked on.
    var bytesHeld: Int { held.withLock { $0 } }

    /// Receives the body and hands it on; its bytes count as held until `use` returns.
    func read<Result: Sendable>(
        _ request: Request, _ use: ([UInt8]) async throws -> Result
    ) async throws -> Result {
        if let length = request.headers[.contentLength], (Int(length) ?? .max) > limits.body { throw Refusal.tooLarge }
        let reservation = Reservation(self)
        defer { reservation.release() }
        return try await use(try await receive(request.body, reservation))
    }

    private func receive(_ body: RequestBody, _ reservation: Reservation) async throws -> [UInt8] {
        let (limits, time) = (limits, time)
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                do {
                    for try await chunk in body {
                        guard bytes.count + chunk.readableBytes <= limits.body else { throw Refusal.tooLarge }
                        guard reservation.add(chunk.readableBytes) else { throw Refusal.tooMany }
                        bytes.append(contentsOf: chunk.readableBytesView)
                    }
                } catch let refusal as Refusal {
                    throw refusal
                } catch {
                    throw Refusal.broken
                }
                // Where the connection ended in the middle of the body, the sequence just ends.
                try Task.checkCancellation()
                return bytes
            }
            group.addTask {
                try await time.sleep(limits.bodyDeadline)
                throw Refusal.tooSlow
            }
            defer { group.cancelAll() }
            guard let bytes = try await group.next() else { throw Refusal.broken }
            return bytes
        }
    }

    /// The share of one body in the budget.
    private final class Reservation: Sendable {
        private let reader: BodyReader
        private let bytes = Mutex(0)

        init(_ reader: BodyReader) { self.reader = reader }

        func add(_ count: Int) -> Bool {
            let isPossible = reader.held.withLock { held in
                guard held + count <= reader.limits.bodiesAtOnce else { return false }
                held += count
                return true
            }
            if isPossible { bytes.withLock { $0 += count } }
            return isPossible
        }

        func release() {
            let count = bytes.withLock { bytes in
                defer { bytes = 0 }
                return bytes
            }
            reader.held.withLock { $0 -= count }
        }
    }
}
