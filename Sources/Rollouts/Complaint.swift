/// Something that is wrong with a rollout right now, and for how long it is borne with.
struct Complaint: Hashable {
    /// Who complains, so that a complaint is recognised when it is heard again: a pod's uid and a container's name.
    var subject: String
    var code: RolloutFailure.Code
    var pod: String?
    var container: String?
    var reason: String
    var message: String
    var hint: String?
    /// Zero: there is no use in waiting.
    var grace: Duration

    func failure(_ progress: RolloutProgress) -> RolloutFailure {
        RolloutFailure(
            code: code, pod: pod, container: container, reason: reason, message: message, hint: hint, progress: progress
        )
    }

    /// The complaint as part of a longer sentence.
    var text: String {
        let place = [pod.map { "pod \($0)" }, container.map { "container \($0)" }].compactMap { $0 }
        return (place.isEmpty ? "" : place.joined(separator: ", ") + ": ") + "\(reason): \(message)"
    }
}

/// Remembers since when each complaint has been heard.
struct ComplaintLedger {
    private struct Entry: Hashable {
        let subject: String
        let code: RolloutFailure.Code
    }
    private var since: [Entry: ContinuousClock.Instant] = [:]
    /// When the first of the complaints still borne with runs out.
    private(set) var nextExpiry: ContinuousClock.Instant?

    /// Takes note of all complaints of this moment and returns the first whose grace is over. A complaint that is not
    /// among them any more has passed and is forgotten.
    mutating func overdue(_ complaints: [Complaint], at now: ContinuousClock.Instant) -> Complaint? {
        var still: [Entry: ContinuousClock.Instant] = [:]
        nextExpiry = nil
        var first: Complaint?
        for complaint in complaints {
            let entry = Entry(subject: complaint.subject, code: complaint.code)
            let heard = since[entry] ?? now
            still[entry] = heard
            let expiry = heard + complaint.grace
            if expiry <= now {
                if first == nil { first = complaint }
            } else {
                nextExpiry = min(nextExpiry ?? expiry, expiry)
            }
        }
        since = still
        return first
    }
}
