/// When an environment may be changed: inside of a window that allows it, if there is any, and outside of all that deny it.
public struct ChangeWindows: Sendable, Hashable {
    /// In the order of the environment file.
    public let windows: [ChangeWindow]

    /// Always open.
    public static let none = ChangeWindows([])

    init(_ windows: [ChangeWindow]) { self.windows = windows }

    /// What holds at an instant.
    public enum State: Sendable, Hashable {
        /// Changes may be made, until then; nil where no end is in sight.
        case open(until: Int64?)
        /// Changes wait until then; nil where no beginning is in sight. Named is the window that denies them, if one does.
        case closed(until: Int64?, by: ChangeWindow?)
    }

    /// How far ahead a change of state is looked for: longer than a year, so that every pair of clock changes is met.
    static let horizon: Int64 = 400 * CivilTime.secondsOfDay

    /// Whether changes may be made at an instant, in seconds since 1970.
    public func isOpen(at instant: Int64) -> Bool {
        if windows.contains(where: { $0.effect == .deny && $0.contains(instant) }) { return false }
        let allowing = windows.filter { $0.effect == .allow }
        return allowing.isEmpty || allowing.contains { $0.contains(instant) }
    }

    /// Whether changes may be made at an instant, in seconds since 1970, and until when that stays so.
    public func state(at instant: Int64) -> State {
        if isOpen(at: instant) { return .open(until: nextChange(after: instant)) }
        let denying = windows.first { $0.effect == .deny && $0.contains(instant) }
        return .closed(until: nextChange(after: instant), by: denying)
    }

    /// When changes may be made next: at once, later, or, nil, not within ``horizon``.
    public func nextOpening(from instant: Int64) -> Int64? {
        isOpen(at: instant) ? instant : nextChange(after: instant)
    }

    /// The next instant at which open becomes closed, or closed open.
    private func nextChange(after instant: Int64) -> Int64? {
        let isOpen = isOpen(at: instant)
        var now = instant
        while let next = windows.map({ $0.nextEdge(after: now) }).min(), next - instant <= Self.horizon {
            if self.isOpen(at: next) != isOpen { return next }
            now = next
        }
        return nil
    }
}
