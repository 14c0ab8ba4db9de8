/// Thrown by ``withTimeout(_:_:)`` when the time is over.
struct TimeoutError: Error {}

/// Runs the operation and cancels it when it takes longer than `duration`. The HTTP client's own deadline ends with the
/// response's head, hence this for the body.
func withTimeout<Result: Sendable>(
    _ duration: Duration, _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: operation)
        group.addTask {
            try await Task.sleep(for: duration)
            throw TimeoutError()
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
