extension KubernetesError {
    /// The error for an answer that is not a success.
    ///
    /// - Parameters:
    ///   - status: the HTTP status, or the code of a watch's `ERROR` event.
    ///   - object: the body, where it was a `Status`.
    static func answered(
        status: Int, object: StatusObject?, purpose: APIRequest.Purpose, retryAfter: Duration? = nil
    ) -> KubernetesError {
        let reason = object?.reason ?? ""
        let words = object?.message.flatMap { $0.isEmpty ? nil : $0 } ?? "the API server answered \(status)"
        let conflicts = fieldConflicts(in: object)
        let kind = isReplaced(object) ? ("replaced", .conflict) : kind(of: status, reason, !conflicts.isEmpty)
        return KubernetesError(
            code: kind.code, category: kind.category, status: status, reason: reason,
            message: "Could not \(purpose): \(words)\(words.hasSuffix(".") ? "" : ".")",
            hint: hint(for: kind.code, purpose: purpose), fieldConflicts: conflicts,
            fieldManagers: managers(of: conflicts),
            retryAfter: retryAfter ?? object?.details?.retryAfterSeconds.flatMap { $0 > 0 ? .seconds($0) : nil })
    }

    /// A patch whose `uid` is that of an object since deleted and made anew is answered with 422 about that field.
    private static func isReplaced(_ object: StatusObject?) -> Bool {
        let causes = object?.details?.causes ?? []
        return object?.reason == "Invalid" && !causes.isEmpty && causes.allSatisfy { $0.field == "metadata.uid" }
    }

    private static func kind(
        of status: Int, _ reason: String, _ isFieldConflict: Bool
    ) -> (code: String, category: Category) {
        switch status {
        case 401: ("unauthorized", .denied)
        case 403: ("forbidden", .denied)
        case 404: ("not-found", .missing)
        case 409 where isFieldConflict: ("field-conflict", .conflict)
        case 409 where reason == "AlreadyExists": ("already-exists", .conflict)
        case 409: ("conflict", .conflict)
        case 410: ("expired", .conflict)
        case 422: ("invalid", .refused)
        case 429: ("too-many-requests", .unreachable)
        case 504: ("server-timeout", .unreachable)
        case 500...: ("server-error", .unreachable)
        case 300..<400: ("redirected", .unreachable)
        default: ("bad-request", .refused)
        }
    }

    private static func hint(for code: String, purpose: APIRequest.Purpose) -> String? {
        switch code {
        case "unauthorized": "The credential is missing, expired or revoked: renew it."
        case "forbidden": "`descry rbac ENV` prints the Role that grants `\(purpose.verb)` on \(purpose.resource)."
        case "redirected": "Redirects are not followed: give the API server's own address."
        default: nil
        }
    }

    private static func fieldConflicts(in object: StatusObject?) -> [FieldConflict] {
        (object?.details?.causes ?? []).filter { $0.reason == "FieldManagerConflict" }
            .map { FieldConflict(field: $0.field ?? "", message: $0.message ?? "") }
    }

    /// The API gives the manager's name only inside its words, in quotes: `conflict with "kubectl-edit" using apps/v1`.
    /// It is shown to people and decides nothing, so words without quotes are passed on whole.
    private static func managers(of conflicts: [FieldConflict]) -> [String] {
        var seen: Set<String> = []
        return conflicts.map { conflict in
            let parts = conflict.message.split(separator: "\"", omittingEmptySubsequences: false)
            return parts.count >= 3 ? String(parts[1]) : conflict.message
        }.filter { seen.insert($0).inserted }
    }
}
