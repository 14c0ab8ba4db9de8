import Descriptors
import Kubernetes
import Reporting
import Synchronization
import Testing

@testable import Reconciling

/// When whom the probe asks; what it makes of the answers, HealthJudgeTests say.
@Suite(.timeLimit(.minutes(15))) struct HealthProbeTests {
    /// A clock whose time passes only by being waited for.
    final class LeapingClock: Clock {
        struct Instant: InstantProtocol {
            var offset: Duration
            func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
            func duration(to other: Instant) -> Duration { other.offset - offset }
            static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
        }

        private let time = Mutex(Instant(offset: .zero))
        var now: Instant { time.withLock { $0 } }
        var minimumResolution: Duration { .nanoseconds(1) }

        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            try Task.checkCancellation()
            time.withLock { $0 = max($0, deadline) }
            await Task.yield()
        }
    }

    private final class Questions: Sendable {
        private let asked = Mutex<(all: [(pod: String, at: Duration)], inFlight: Int, most: Int)>(([], 0, 0))

        var all: [(pod: String, at: Duration)] { asked.withLock { $0.all } }
        var most: Int { asked.withLock { $0.most } }

        func begin(_ pod: String, _ clock: LeapingClock) {
            asked.withLock {
                $0.all.append((pod, clock.now.offset))
                $0.inFlight += 1
                $0.most = max($0.most, $0.inFlight)
            }
        }

        func end() { asked.withLock { $0.inFlight -= 1 } }
    }

    @Test func nobodyToAskIsNoFailure() async throws {
        let probe = HealthProbe(namespace: "shop", clock: LeapingClock()) { _, _ in .bad("answered 503") }
        #expect(try await probe.failure(of: HealthCheck(path: "/"), pods: [], during: .seconds(9)) == nil)
    }

    @Test func aPodIsAskedEverySecond() async throws {
        let clock = LeapingClock()
        let questions = Questions()
        let probe = HealthProbe(namespace: "shop", clock: clock) { _, pod in
            questions.begin(pod, clock)
            return .good
        }
        #expect(try await probe.failure(of: HealthCheck(path: "/"), pods: ["web-0"], during: .seconds(3)) == nil)
        #expect(questions.all.map(\.at) == [.zero, .seconds(1), .seconds(2), .seconds(3)])
    }

    @Test func manyPodsAreAskedSideBySideWithinBounds() async throws {
        let clock = LeapingClock()
        let questions = Questions()
        let names = (0..<100).map { "web-\($0)" }
        let probe = HealthProbe(namespace: "shop", clock: clock) { _, pod in
            questions.begin(pod, clock)
            for _ in 0..<50 { await Task.yield() }
            questions.end()
            return .good
        }
        #expect(try await probe.failure(of: HealthCheck(path: "/"), pods: names, during: .zero) == nil)
        #expect(Set(questions.all.map(\.pod)) == Set(names))
        #expect((2...HealthProbe.questionsInFlight).contains(questions.most))
    }

    /// A pod that hangs takes its own place and no other one's: the bad one is found while the silent one is waited for.
    @Test func oneThatIsSilentKeepsNoOtherOneWaiting() async throws {
        let probe = HealthProbe(namespace: "shop", clock: LeapingClock()) { _, pod in
            guard pod == "silent" else { return .bad("answered 503") }
            // For ever, until the probe is through and cancels what it still asks.
            let (never, continuation) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            withExtendedLifetime(continuation) {}
            throw CancellationError()
        }
        let failure = try await probe.failure(
            of: HealthCheck(path: "/health?full", port: 8080), pods: ["silent", "web-1"], during: .zero)
        #expect(failure?.code == "unhealthy")
        #expect(failure?.pod == "web-1")
        #expect(failure?.message == "GET :8080/health?full answered 503, 3 times in a row")
        #expect(
            failure?.hint
                == "Ask it yourself: kubectl get --raw '/api/v1/namespaces/shop/pods/web-1:8080/proxy/health?full'")
    }

    @Test func cancellationEndsIt() async throws {
        let (started, signal) = AsyncStream<Void>.makeStream()
        let task = Task {
            let probe = HealthProbe(namespace: "shop", clock: LeapingClock()) { _, _ in
                signal.yield()
                return .starting("answered 503")
            }
            return try await probe.failure(
                of: HealthCheck(path: "/"), pods: ["web-0"], during: .zero, within: .seconds(1 << 40))
        }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
