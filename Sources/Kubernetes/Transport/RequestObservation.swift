/// One attempt of one request to an API server, after it ended: for whoever counts them.
public struct RequestObservation: Sendable, Hashable {
    /// RBAC's word: `get`, `list`, `watch`, `patch`, `create`, `delete`.
    public let verb: String
    /// With its group: `statefulsets.apps`, `pods`.
    public let resource: String
    /// Of the answer; nil where there was none.
    public let status: Int?
    /// To the end of the answer; of a watch, to its head.
    public let duration: Duration
}

extension ClientOptions {
    /// Runs one attempt and tells ``onRequest`` how it ended. An attempt that was cancelled says nothing about a server and is
    /// not told.
    func observing<Value>(
        _ purpose: APIRequest.Purpose, status: (Value) -> Int, _ attempt: () async throws -> Value
    ) async throws -> Value {
        guard let onRequest else { return try await attempt() }
        let start = time.now()
        let tell = { (status: Int?) in
            onRequest(
                RequestObservation(
                    verb: purpose.verb, resource: purpose.resource, status: status,
                    duration: start.duration(to: time.now())))
        }
        do {
            let value = try await attempt()
            tell(status(value))
            return value
        } catch {
            if !(error is CancellationError), !Task.isCancelled { tell(nil) }
            throw error
        }
    }
}
