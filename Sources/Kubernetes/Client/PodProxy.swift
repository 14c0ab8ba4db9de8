import FoundationEssentials

/// What a pod answered through the API server.
public struct PodAnswer: Sendable, Hashable {
    /// The HTTP status, whatever it is.
    public var status: Int
    /// Its beginning, where it is longer than was asked for; then with one byte more.
    public var body: [UInt8]

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

extension KubernetesClient {
    /// One question to a pod ends after so long.
    public static let podTimeout = Duration.seconds(5)

    /// Asks a pod by GET, through the API server, so that it works from wherever the API server is reached. Sent once; no
    /// redirect is followed, and the credential goes to the API server only, which does not pass it on.
    ///
    /// Source of the path: Kubernetes API reference, "get connect proxy path", `pods/NAME:PORT/proxy/PATH`.
    /// - Parameters:
    ///   - port: nil: the first that the pod's containers declare, else 80.
    ///   - path: as it is sent, percent-encoded, beginning with `/`; it may have a query.
    ///   - limit: bytes of the body to read.
    /// - Returns: the pod's own answer.
    /// - Throws: what the API server itself says: `forbidden`, `not-found` (no such pod), `bad-request` (its address is not
    ///   known, or none that may be asked), `server-error` (it does not answer); `timed-out` where nobody says anything;
    ///   category `unreachable` without a status where the API server cannot be asked.
    public func podProxy(
        _ pod: String, port: Int?, path: String, namespace: String, limit: Int = 64 << 10
    ) async throws -> PodAnswer {
        let resource = Resource.pods
        let target = pod + (port.map { ":\($0)" } ?? "")
        let purpose = APIRequest.Purpose(verb: "get", resource: "pods/proxy", name: pod, namespace: namespace)
        let request = APIRequest(
            path: resource.path(namespace: namespace) + "/\(PercentEncoding.encode(pod))"
                + (port.map { ":\($0)" } ?? "") + "/proxy" + path,
            accept: "application/json, */*;q=0.5", purpose: purpose)
        let answer = try await transport.ask(request, limit: limit, within: Self.podTimeout)
        if let refusal = Self.refusal(answer, of: [pod, target], resource.plural) {
            let error = KubernetesError.answered(
                status: answer.status, object: refusal, purpose: purpose, retryAfter: answer.retryAfter)
            throw transport.isPassing(error) ? .startingUp(error) : error
        }
        return PodAnswer(status: answer.status, body: Array(answer.body))
    }

    /// What the API server itself says; nil where it is the pod's answer.
    ///
    /// A pod may well answer 403 or 404 by itself, so there only a `Status` that is about this very pod counts. In any other
    /// refusal both come to the same: the pod did not answer well.
    private static func refusal(_ answer: Answer, of names: [String], _ plural: String) -> StatusObject? {
        guard !(200..<400).contains(answer.status), let object = answer.statusObject, object.code == answer.status
        else { return nil }
        guard [403, 404].contains(answer.status) else { return object }
        let isAboutIt = object.details?.kind == plural && names.contains(object.details?.name ?? "")
        return isAboutIt ? object : nil
    }
}

extension KubernetesError {
    /// A refusal that the API server's start-up may be to blame for.
    fileprivate static func startingUp(_ error: KubernetesError) -> KubernetesError {
        KubernetesError(
            code: "starting-up", category: .unreachable,
            message: "\(error.message) The API server has only just come back.", hint: "Try again.")
    }
}
