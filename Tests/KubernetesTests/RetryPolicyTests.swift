import Testing

@testable import Kubernetes

@Suite struct RetryPolicyTests {
    /// Pauses double from a quarter of a second to twenty seconds; half of each is chance.
    @Test(arguments: [
        (1, 0.0, Duration.milliseconds(125)), (1, 1.0, .milliseconds(250)), (2, 0.5, .milliseconds(375)),
        (4, 0.0, .seconds(1)), (7, 1.0, .seconds(16)), (8, 0.0, .seconds(10)), (40, 1.0, .seconds(20)),
    ])
    func pausesDouble(attempt: Int, chance: Double, pause: Duration) {
        var policy = RetryPolicy()
        policy.attempts = 100
        #expect(
            policy.pause(after: .busy(retryAfter: nil), attempt: attempt, chance: chance, remaining: .seconds(3600))
                == pause)
    }

    /// The last attempt, the deadline, and what the server asks for.
    @Test(arguments: [
        (RetryPolicy.Failure.connection, 3, Duration.seconds(60), true), (.connection, 4, .seconds(60), false),
        (.busy(retryAfter: nil), 7, .seconds(60), true), (.busy(retryAfter: nil), 8, .seconds(60), false),
        (.busy(retryAfter: nil), 1, .milliseconds(100), false),
        (.busy(retryAfter: .seconds(30)), 1, .seconds(60), true),
        (.busy(retryAfter: .seconds(61)), 1, .seconds(60), false), (.connection, 1, .zero, false),
    ])
    func thereIsAnEnd(failure: RetryPolicy.Failure, attempt: Int, remaining: Duration, again: Bool) {
        let pause = RetryPolicy().pause(after: failure, attempt: attempt, chance: 0.5, remaining: remaining)
        #expect((pause != nil) == again)
    }
}
