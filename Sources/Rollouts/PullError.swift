/// Whether a container runtime's error message speaks of something final, of something that passes, or of neither.
///
/// Runtimes give no code, only text. The phrases are those of containerd, CRI-O, Docker and the registries' own errors
/// (OCI distribution specification, "Error codes"); a message with both kinds counts as final where it names the image
/// or the permission as the cause.
enum PullError: Hashable {
    case final, passing, unclear

    private static let finalPhrases = [
        "not found", "manifest unknown", "manifest_unknown", "name_unknown", "name unknown", "no such image",
        "does not exist", "no match for platform", "no matching manifest", "denied", "unauthorized",
        "authentication required", "no basic auth", "insufficient_scope", "403 forbidden", "401 unauthorized",
        "invalid reference", "couldn't parse image", "x509", "server gave http response to https client",
        "no space left",
    ]
    private static let passingPhrases = [
        "timeout", "timed out", "deadline exceeded", "connection refused", "connection reset", "broken pipe", "eof",
        "too many requests", "toomanyrequests", "429", "500 internal", "502 bad gateway", "503 service", "504 gateway",
        "temporary failure", "try again", "server misbehaving", "no route to host", "network is unreachable",
        "no such host", "failed to sync", "pull qps exceeded", "registry is unavailable",
    ]

    init(_ message: String) {
        let message = message.lowercased()
        if PullError.finalPhrases.contains(where: { message.contains($0) }) {
            self = .final
        } else if PullError.passingPhrases.contains(where: { message.contains($0) }) {
            self = .passing
        } else {
            self = .unclear
        }
    }
}
