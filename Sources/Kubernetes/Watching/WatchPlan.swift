/// Decides what an observation does next: list, watch on, wait, or give up. Pure: chance is handed in.
///
/// - A watch that the server ends in good order, as it does every few minutes, is resumed at once.
/// - A watch that breaks is resumed from where it was, after a pause that doubles with each failure in a row.
/// - Where the server has forgotten that moment (410), or an event cannot be read, all is listed again.
/// - Only progress, an event or a bookmark, or a connection that held for a while ends the row of failures: a list that
///   succeeds before a watch that fails at once must not become a busy loop.
struct WatchPlan: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case list
        case watch(resourceVersion: String)
    }

    /// How a list or a watch came to its end.
    enum Ending: Sendable, Hashable {
        /// The stream ended after a whole line.
        case clean(lasted: Duration)
        /// The connection could not be made or broke, was silent for too long, or the server is overloaded.
        case broken(lasted: Duration)
        /// 410: the resource version is no longer known.
        case gone
        /// An event was larger than the line buffer, or not what the API promises.
        case unreadable
    }

    static let firstPause: Duration = .milliseconds(200)
    static let longestPause: Duration = .seconds(30)
    /// A watch that ends in good order sooner than this without an event is taken for broken: some proxies do that.
    static let shortest: Duration = .seconds(1)

    /// A connection that held for so long was good, though nothing came: some load balancers cut idle ones.
    static let held: Duration = .seconds(10)

    private(set) var step = Step.list
    private(set) var failures = 0
    private var hasProgress = false

    /// The list is there: watch from its moment on.
    mutating func listed(resourceVersion: String) {
        step = .watch(resourceVersion: resourceVersion)
        hasProgress = false
    }

    /// An event or a bookmark: continue from there, should the watch break.
    mutating func advanced(to resourceVersion: String) {
        if !resourceVersion.isEmpty { step = .watch(resourceVersion: resourceVersion) }
        hasProgress = true
    }

    /// - Returns: the pause before the next step; nil means at once.
    mutating func ended(_ ending: Ending, chance: Double) -> Duration? {
        defer { hasProgress = false }
        switch ending {
        case .clean(let lasted) where hasProgress || lasted >= Self.shortest:
            failures = 0
            return nil
        case .clean: break
        case .broken(let lasted):
            if hasProgress || lasted >= Self.held { failures = 0 }
        case .gone:
            step = .list
            if hasProgress { failures = 0 }
            failures += 1
            // The first time it is nobody's fault: the history is kept for minutes only.
            return failures == 1 ? nil : pause(chance)
        case .unreadable:
            step = .list  // the event must not be skipped, so the object's state is read instead
        }
        failures += 1
        return pause(chance)
    }

    private func pause(_ chance: Double) -> Duration {
        RetryPolicy.backOff(
            first: Self.firstPause, longest: Self.longestPause, failures: failures, chance: chance)
    }
}
