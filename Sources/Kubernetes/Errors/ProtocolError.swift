extension KubernetesError {
    /// The answer is not the JSON that the API promises. Says which field, and nothing of the content.
    static func undecodable(_ purpose: APIRequest.Purpose, _ error: any Error) -> KubernetesError {
        let place: String
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): place = path(context.codingPath + [key]) + " is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            place = path(context.codingPath) + " has another type than the API promises"
        default: place = "it is not JSON"
        }
        return KubernetesError(
            code: "undecodable-answer", category: .internal,
            message: "The answer to `\(purpose)` could not be read: \(place).",
            hint: "Is the address that of a Kubernetes API server?")
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { key in key.intValue.map { "[\($0)]" } ?? "." + key.stringValue }.joined()
    }

    static func timedOut(_ purpose: APIRequest.Purpose, _ server: ServerAddress) -> KubernetesError {
        KubernetesError(
            code: "timed-out", category: .unreachable,
            message: "Could not \(purpose): \(server) gave no complete answer in time.",
            hint: "Check that the API server answers, then try again.")
    }
}

extension KubernetesError {
    static func unreadableEvent(_ purpose: APIRequest.Purpose, _ why: String) -> KubernetesError {
        KubernetesError(
            code: "unreadable-event", category: .internal,
            message: "An event of `\(purpose)` \(why).")
    }
}
