import Documents
import TestServers
import Testing

@testable import Reconciling

/// When changes may be made: at chosen instants, and against a minute-by-minute search in Python.
@Suite(.enabled(if: Requirement.timeZones.isToRun, "\(Requirement.timeZones)"))
struct ChangeWindowTests {
    private func windows(_ text: String) throws -> ChangeWindows {
        ChangeWindows(
            try text.split(separator: ";").map { part in
                let fields = part.split(separator: "|").map(String.init)
                return ChangeWindow(
                    effect: try #require(ChangeWindow.Effect(rawValue: fields[0])), text: fields[1],
                    times: try WindowText(fields[1]), timezone: fields[2],
                    rules: try ZoneDatabase().rules(of: fields[2]))
            })
    }

    /// 2026-11-23 is a Monday; Berlin has UTC+1 then. Instants are UTC's, `open`'s is when the state changes next.
    @Test(
        arguments: [
            // Inside, at both edges, outside; the end does not belong to it.
            ("allow|Mon-Fri 08:00-17:00|Europe/Berlin", "2026-11-23 07:00", true, "2026-11-23 16:00"),
            ("allow|Mon-Fri 08:00-17:00|Europe/Berlin", "2026-11-23 06:59", false, "2026-11-23 07:00"),
            ("allow|Mon-Fri 08:00-17:00|Europe/Berlin", "2026-11-23 16:00", false, "2026-11-24 07:00"),
            ("allow|Mon-Fri 08:00-17:00|Europe/Berlin", "2026-11-27 16:00", false, "2026-11-30 07:00"),
            // Over midnight: the night from Friday to Saturday begins on Friday.
            ("allow|Mon-Fri 22:00-06:00|UTC", "2026-11-28 05:59", true, "2026-11-28 06:00"),
            ("allow|Mon-Fri 22:00-06:00|UTC", "2026-11-28 22:00", false, "2026-11-30 22:00"),
            ("allow|Mon-Fri 22:00-06:00|UTC", "2026-11-23 05:59", false, "2026-11-23 22:00"),
            // Whole days, all days, days around the week's end; what joins without a break is one.
            ("allow|Sat,Sun|UTC", "2026-11-28 00:00", true, "2026-11-30 00:00"),
            ("allow|Sat-Mon|UTC", "2026-11-28 00:00", true, "2026-12-01 00:00"),
            ("allow|08:00-12:00,13:00-17:00|UTC", "2026-11-23 12:30", false, "2026-11-23 13:00"),
            ("allow|Mon 00:00-24:00|UTC;allow|Tue 00:00-08:00|UTC", "2026-11-23 10:00", true, "2026-11-24 08:00"),
            // Denying beats allowing, and alone leaves everything else open.
            ("allow|Mon-Fri|UTC;deny|Fri 16:00-24:00|UTC", "2026-11-27 16:30", false, "2026-11-30 00:00"),
            ("deny|Fri 16:00-24:00|UTC", "2026-11-27 15:59", true, "2026-11-27 16:00"),
            ("deny|Fri 16:00-24:00|UTC", "2026-11-27 16:00", false, "2026-11-28 00:00"),
            // 2026-03-29 in Berlin: 02:00 to 03:00 doesn't come. What lies there has no Sunday; what spans it is an hour shorter.
            ("allow|Sun 02:00-03:00|Europe/Berlin", "2026-03-29 00:30", false, "2026-04-05 00:00"),
            ("allow|Sun 01:30-03:30|Europe/Berlin", "2026-03-29 00:30", true, "2026-03-29 01:30"),
            ("allow|Sun 02:30-05:00|Europe/Berlin", "2026-03-29 00:59", false, "2026-03-29 01:00"),
            // 2026-10-25 in Berlin: 02:00 to 03:00 comes twice, and so does what lies there.
            ("allow|Sun 02:00-02:30|Europe/Berlin", "2026-10-25 00:10", true, "2026-10-25 00:30"),
            ("allow|Sun 02:00-02:30|Europe/Berlin", "2026-10-25 00:40", false, "2026-10-25 01:00"),
            ("allow|Sun 02:00-02:30|Europe/Berlin", "2026-10-25 01:10", true, "2026-10-25 01:30"),
            ("allow|Sun 01:00-04:00|Europe/Berlin", "2026-10-24 23:30", true, "2026-10-25 03:00"),
            // Two zones whose clocks change on different days: the gap of an hour comes for some weeks of a year only.
            (
                "allow|Sun 15:00-16:00|Europe/Berlin;deny|Sun 09:00-10:00|America/New_York", "2026-11-23 00:00", false,
                "2027-03-14 14:00"
            ),
            // Apia had no 2011-12-30 at all: from Thursday night it was Saturday.
            ("allow|Fri|Pacific/Apia", "2011-12-30 11:00", false, "2012-01-05 10:00"),
            // Never, and always.
            ("allow|Mon|UTC;deny|Mon|UTC", "2026-11-23 12:00", false, nil),
            ("allow|Mon-Sun|UTC", "2026-11-23 12:00", true, nil),
        ] as [(String, String, Bool, String?)])
    func `a window is open by the clock on its wall`(_ text: String, _ time: String, _ isOpen: Bool, _ next: String?)
        throws
    {
        let windows = try windows(text)
        let instant = try utc(time)
        let expected = try next.map { try utc($0) }
        switch windows.state(at: instant) {
        case .open(let until): #expect(isOpen && until == expected, "open until \(until ?? -1)")
        case .closed(let until, _): #expect(!isOpen && until == expected, "closed until \(until ?? -1)")
        }
        #expect(windows.nextOpening(from: instant) == (isOpen ? instant : expected))
    }

    @Test func `the window that denies is named`() throws {
        let windows = try windows("allow|Mon-Fri|UTC;deny|Fri 16:00-24:00|UTC")
        guard case .closed(_, let window) = windows.state(at: try utc("2026-11-27 17:00")) else {
            Issue.record("it is open")
            return
        }
        #expect(window?.description == "deny Fri 16:00-24:00 UTC")
        #expect(ChangeWindows.none.state(at: 0) == .open(until: nil))
    }

    /// Python goes from minute to minute, and knows nothing of edges. Half of the cases begin within a day of a change of
    /// the clock.
    @Test func `the next opening is the one that a search finds`() async throws {
        let lines = try await python(
            """
            import random
            from datetime import datetime, timedelta
            from zoneinfo import ZoneInfo
            random.seed(7)
            days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "America/Sao_Paulo",
                     "Asia/Kolkata", "Africa/Casablanca", "America/Nuuk", "Pacific/Auckland"]
            changes = [1774746000, 1792890000, 1772953200, 1793512800, 1775314800, 1791041400, 1743292800]
            def window():
                first, last = random.randrange(7), random.randrange(7)
                chosen = {(first + n) % 7 for n in range((last - first) % 7 + 1)}
                start, end = random.sample(range(0, 1440, 15), 2)
                text = "%s-%s %02d:%02d-%02d:%02d" % (days[first], days[last], start // 60, start % 60, end // 60, end % 60)
                return random.choice(["allow", "allow", "deny"]), text, random.choice(zones), chosen, start, end
            def inside(w, instant):
                time = datetime.fromtimestamp(instant, ZoneInfo(w[2]))
                minute, day = time.hour * 60 + time.minute, time.weekday()
                if w[4] < w[5]: return day in w[3] and w[4] <= minute < w[5]
                return day in w[3] and minute >= w[4] or (day - 1) % 7 in w[3] and minute < w[5]
            def is_open(windows, instant):
                if any(w[0] == "deny" and inside(w, instant) for w in windows): return False
                allowing = [w for w in windows if w[0] == "allow"]
                return not allowing or any(inside(w, instant) for w in allowing)
            for number in range(150):
                windows = [window() for _ in range(random.randrange(1, 4))]
                near = random.choice(changes) + random.randrange(-1440, 1440) * 60
                instant = near if number % 2 else random.randrange(16000000, 35000000) * 60
                found = next((t for t in range(instant, instant + 9 * 86400, 60) if is_open(windows, t)), None)
                print(";".join("|".join(w[:3]) for w in windows), instant, found, sep="\\t")
            """)
        #expect(lines.count == 150)
        var waits = 0
        for line in lines {
            let fields = line.split(separator: "\t")
            let instant = try #require(Int64(fields[1]))
            let found = try windows(String(fields[0])).nextOpening(from: instant)
            if let expected = Int64(fields[2]) {
                #expect(found == expected, "\(line)")
                waits += expected > instant ? 1 : 0
            } else {
                #expect(found.map { $0 > instant + 9 * 86_400 - 60 } ?? true, "\(line)")
            }
        }
        #expect(waits > 40)
    }

    /// What can't be read, and where.
    @Test(arguments: [
        ("", 0), ("   ", 0), ("Mon-Fri 08:00-17:00 UTC", 20), ("08:00-17:00 Mon", 12), ("Mun 08:00-17:00", 0),
        ("mon", 0), ("Monday", 0),
        ("Mon-Fri,Fro", 8), ("Mon-Wed-Fri", 0), ("Mon 8:00-17:00", 4), ("Mon 08:00", 4), ("Mon 08:00-24:01", 4),
        ("Mon 08:60-10:00", 4), ("Mon 24:00-08:00", 4), ("Mon 08:00-08:00", 4), ("Mon 08:00-10:00,11-12", 16),
        ("Mon, Tue", 4), ("Mon 08.00-10.00", 4), ("Mon\u{a0}08:00-10:00", 0), ("٣:00-05:00", 0),
    ])
    func `a text that is no window is refused at its place`(_ text: String, _ offset: Int) {
        let error = #expect(throws: WindowText.Problem.self) { try WindowText(text) }
        #expect(error?.offset == offset)
    }

    @Test func `days go on over the week's end`() throws {
        #expect(try WindowText("Fri-Mon").days == [5, 6, 0, 1])
    }

    private func utc(_ text: String) throws -> Int64 {
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        try #require(numbers.count == 5)
        return CivilTime(
            year: numbers[0], month: numbers[1], day: numbers[2], seconds: Int64(numbers[3] * 3600 + numbers[4] * 60)
        ).seconds
    }
}
