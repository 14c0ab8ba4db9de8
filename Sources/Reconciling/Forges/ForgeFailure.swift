import Documents

/// Why a status could not be set, for whoever has to mend it. Never holds a token.
struct ForgeFailure: Error, Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// It may pass by itself, for the whole forge; `after` is what the forge asked for.
        case passing(after: Duration?)
        /// A person has to mend it, and what is on disk may be all there is to it, so it is tried again now and then.
        case denied
        /// This status will never be taken.
        case refused
    }

    let kind: Kind
    /// Stable, in kebab-case.
    let code: String
    let message: String
    let hint: String?

    init(_ kind: Kind, _ code: String, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// What an answer that is no 2xx means.
    ///
    /// Source of the rate limits: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api (403 or 429, with
    /// `Retry-After`, or `x-ratelimit-remaining: 0` and the time in `x-ratelimit-reset`); GitLab answers 429 with `Retry-After`.
    init(_ answer: ForgeAnswer, _ context: StatusContext, token path: String, epochSeconds now: Double) {
        let said = answer.words.map { ": \($0)" } ?? ""
        let place = context.forge.description
        switch answer.status {
        case 401:
            self.init(
                .denied, "forge-unauthorized", "\(place) does not take the token in \(path)\(said)",
                hint: "It may have expired or been withdrawn. Put a new one into the file; it is read anew each time")
        case 403 where answer.isRateLimit, 429:
            self.init(
                .passing(after: answer.pause(epochSeconds: now)), "forge-rate-limit",
                "\(place) takes no more requests for now\(said)")
        case 403:
            self.init(
                .denied, "forge-forbidden", "the token in \(path) may not set statuses of \(place)\(said)",
                hint: "For commit statuses \(context.forge.statuses.rights)")
        case 404:
            self.init(
                .denied, "forge-not-found",
                "\(place) is not there, does not have the commit, or is not shown to the token in \(path)\(said)",
                hint: "Check forge.url and the repository's address, and that the token may see the project; "
                    + context.forge.statuses.rights)
        case 300..<400:
            self.init(
                .denied, "forge-redirect", "\(place) redirects, and the token is shown to no other address",
                hint: "Check whether the repository was moved or renamed, and correct its address or forge.url")
        case 408, 409, 423, 425, 500...:
            self.init(
                .passing(after: answer.pause(epochSeconds: now)), "forge-busy",
                "\(place) answers \(answer.status)\(said)")
        default:
            self.init(.refused, "forge-refused", "\(place) refuses the status with \(answer.status)\(said)")
        }
    }
}

/// What a forge answered.
struct ForgeAnswer: Sendable {
    let status: Int
    /// By lowercase name.
    let headers: [String: String]
    let body: [UInt8]
    /// The forge's own words, safe to print; nil where it has none.
    let words: String?

    var isRateLimit: Bool { headers["retry-after"] != nil || headers["x-ratelimit-remaining"] == "0" }

    /// How long to keep away, where it says so; an hour at most.
    func pause(epochSeconds now: Double) -> Duration? {
        let asked = RetryAfter.pause(headers["retry-after"], date: headers["date"], now: Int64(now))
        if let asked { return asked }
        if headers["x-ratelimit-remaining"] == "0" || headers["ratelimit-remaining"] == "0",
            let reset = (headers["x-ratelimit-reset"] ?? headers["ratelimit-reset"]).flatMap({ Double($0) })
        {
            return reset.isFinite ? .seconds(min(max(reset - now, 0), 3600)) : nil
        }
        return nil
    }
}
