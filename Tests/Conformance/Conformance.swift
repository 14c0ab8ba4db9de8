import Testing

/// What an API server must do for Descry, as test bodies that hold on the sandbox and on a real API server alike.
///
/// Each body has a namespace of its own. Where the two servers may rightly differ in timing, bodies ask for the order,
/// the bounds and the end, not for one interleaving.
public enum Conformance {
    /// One behaviour.
    public struct Case: Sendable, CustomTestStringConvertible {
        public let name: String
        /// Disturbs other cases on the same server, so it runs while it has the server alone.
        public let isAlone: Bool
        public let body: @Sendable (ConformanceNamespace) async throws -> Void

        init(
            _ name: String, alone: Bool = false, _ body: @escaping @Sendable (ConformanceNamespace) async throws -> Void
        ) {
            self.name = name
            isAlone = alone
            self.body = body
        }

        public var testDescription: String { name }
    }

    /// All of them, what Descry relies on most first, but those of ``usingKubectl``, which need the program, and of
    /// ``askingPods``, which need pods that answer.
    public static let cases: [Case] = [
        applying, applyConflicts, watching, statefulSetRollouts, statefulSetFailures, statusSequences, canaries,
        refusing, listing, selecting, writing, reportingStatus, deleting, accessing, leases, postingEvents,
        deploymentRollouts, podFates, proxying, jobs, podLogs, discovering,
    ].flatMap { $0 }
}
