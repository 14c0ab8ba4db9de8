import Documents
import TestServers
import Testing

@testable import Reconciling

/// Time zone files, against Python's `zoneinfo`, which is another implementation of RFC 8536.
@Suite(.enabled(if: Requirement.timeZones.isToRun, "\(Requirement.timeZones)"))
struct ZoneRulesTests {
    /// Every zone of the system, at instants of two centuries: some at random, and each second around every change of the
    /// clock from 2020 to 2060, most of which no file lists and the rule in its last line has to tell.
    @Test func `every zone has the offsets that Python finds`() async throws {
        let lines = try await python(
            """
            import random, zoneinfo
            from datetime import datetime, timezone
            random.seed(20261121)
            def offset(zone, instant):
                return int(datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())
            for name in sorted(zoneinfo.available_timezones()):
                if name in ("localtime", "Factory"): continue
                zone = zoneinfo.ZoneInfo(name)
                instants = [random.randrange(-2208988800, 4102444800) for _ in range(60)]
                step = 86400 * 9
                for start in range(1577836800, 2840140800, step):
                    low, high = start, start + step
                    if offset(zone, low) == offset(zone, high): continue
                    while high - low > 1:
                        middle = (low + high) // 2
                        if offset(zone, middle) == offset(zone, low): low = middle
                        else: high = middle
                    instants += [low - 1, low, high, high + 1]
                for instant in instants: print(name, instant, offset(zone, instant))
            """)
        let database = ZoneDatabase()
        var zones: [String: ZoneRules] = [:]
        var wrong: [String] = []
        for line in lines {
            let fields = line.split(separator: " ")
            let name = String(fields[0])
            let instant = try #require(Int64(fields[1]))
            let rules: ZoneRules
            if let known = zones[name] { rules = known } else { rules = try database.rules(of: name) }
            zones[name] = rules
            let found = rules.offset(at: instant)
            if found != Int(fields[2]) { wrong.append("\(line), and \(found) here") }
        }
        #expect(zones.count > 400 && lines.count > 60_000)
        #expect(wrong.isEmpty, "\(wrong.count), such as \(wrong.prefix(5))")
    }

    /// Between two changes the offset stays, and `nextChange` leaves none out.
    @Test(arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"])
    func `no change of the clock is left out`(_ name: String) throws {
        let rules = try ZoneDatabase().rules(of: name)
        var instant: Int64 = 946_684_800
        let end: Int64 = 4_102_444_800
        while instant < end {
            let next = min(rules.nextChange(after: instant) ?? end, end)
            #expect(next > instant)
            for step in 0..<8 {
                let inside = instant + (next - instant) * Int64(step) / 8
                #expect(rules.offset(at: inside) == rules.offset(at: instant))
            }
            #expect(rules.offset(at: next - 1) == rules.offset(at: instant))
            instant = next
        }
    }

    /// A file of version 1 is the first part of one of version 2, without its last line.
    @Test func `a file of version 1 is read as far as its 32 bits reach`() async throws {
        let bytes = try BoundedFile.read("\(ZoneDatabase().folder)/Europe/Berlin", limit: 1 << 20)
        let counts = (0..<6).map { index in
            bytes[(20 + index * 4)..<(24 + index * 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        let size = 44 + counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0]
        var old = Array(bytes[..<size])
        old[4] = 0
        let (rules, whole) = (try ZoneRules(old), try ZoneRules(bytes))
        // A slim file has nothing in its first part.
        try #require(counts[3] > 100, "tzdata was made without 32-bit data")
        for instant in stride(from: Int64(-1_600_000_000), to: 2_100_000_000, by: 1_000_003) {
            #expect(rules.offset(at: instant) == whole.offset(at: instant))
        }
    }

    @Test func `a file that is cut short or damaged is refused, and never crashes`() throws {
        let bytes = try BoundedFile.read("\(ZoneDatabase().folder)/Europe/Berlin", limit: 1 << 20)
        for count in 0..<bytes.count {
            #expect(throws: ZoneRules.Malformed.self) { try ZoneRules(Array(bytes.prefix(count))) }
        }
        var state: UInt64 = 1
        for _ in 0..<4000 {
            var changed = bytes
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                changed[Int((state >> 33) % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: state >> 40)
            }
            // Whatever it says now: it is read or refused.
            guard let rules = try? ZoneRules(changed) else { continue }
            _ = rules.offset(at: 1_750_000_000)
            _ = rules.nextChange(after: 4_000_000_000)
        }
    }

    /// Names from a file of the operator's are no paths.
    @Test(arguments: [
        "", "../zoneinfo/Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin", "Europe/../Europe/Berlin",
        "Europe//Berlin",
        "Europe/Berlin/", "Europe/Berl\u{0}in", "Europe", "Europe/Berln", "leapseconds", "tzdata.zi", "europe/berlin",
        "Europe\\Berlin", "Etc/passwd",
    ])
    func `what is no zone is unknown`(_ name: String) {
        #expect(throws: ZoneDatabase.Problem.unknown) { try ZoneDatabase().rules(of: name) }
    }

    @Test func `a system without zones says so, and has UTC all the same`() throws {
        let empty = ZoneDatabase(["TZDIR": "/nonexistent"])
        #expect(throws: ZoneDatabase.Problem.noDatabase) { try empty.rules(of: "Europe/Berlin") }
        #expect(try empty.rules(of: "UTC").offset(at: 0) == 0)
        #expect(ZoneDatabase(["TZDIR": ""]) == ZoneDatabase())
    }
}

/// The rule at the end of a file.
@Suite struct PosixTimeZoneTests {
    /// RULE, an instant, the offset there, and the next change. The instants were worked out by `date -d` and by hand.
    @Test(
        arguments: [
            // No daylight-saving time; a name in brackets; an offset that isn't whole hours; hours east are negative.
            ("UTC0", 0, 0, nil), ("<+0330>-3:30", 0, 12_600, nil), ("<-02>2", 0, -7200, nil),
            ("IST-5:30", 0, 19_800, nil),
            // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC.
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, 3600, 1_774_746_000),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 7200, 1_792_890_000),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, 3600, 1_806_195_600),
            // The southern half of the earth: summer spans the new year. 2026-04-04 16:00 UTC.
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, 39_600, 1_775_318_400),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_775_318_400, 36_000, 1_791_043_200),
            // Half an hour; a time below zero (Greenland: Saturday before, 22:00 there); a negative saving (Ireland).
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1_767_225_600, 39_600, 1_775_314_800),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_774_746_000, -3600, 1_792_890_000),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_774_746_000, 3600, 1_792_890_000),
            // Days of the year, with and without the leap day: 2028-03-01 and 2028-02-29 at 00:00 UTC.
            ("AAA0BBB,J60/0,J300/0", 1_835_481_599, 0, 1_835_481_600),
            ("AAA0BBB,59/0,J300/0", 1_835_395_199, 0, 1_835_395_200),
        ] as [(String, Int64, Int, Int64?)])
    func `a rule holds in every year`(_ text: String, _ instant: Int64, _ offset: Int, _ next: Int64?) throws {
        let rule = try #require(PosixTimeZone(text))
        #expect(rule.offset(at: instant) == offset)
        #expect(rule.nextChange(after: instant) == next)
    }

    /// RFC 8536 section 3.3.1's own example: daylight-saving time all year.
    @Test func `daylight-saving time may last all year`() throws {
        let rule = try #require(PosixTimeZone("XXX3EDT4,0/0,J365/23"))
        for instant in stride(from: Int64(1_700_000_000), to: 1_800_000_000, by: 86_399) {
            #expect(rule.offset(at: instant) == -14_400)
        }
    }

    @Test(arguments: [
        "", "C1", "CET", "CET-", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J5",
        "CET-1CEST,366,J5", "CET-1CEST,M3.5.0,M10.5.0x", "<CET-1", "CET-1:60", "CET-0001",
    ])
    func `what is no rule is refused`(_ text: String) {
        #expect(PosixTimeZone(text) == nil)
    }
}

@Suite struct CivilTimeTests {
    /// Around every kind of leap year, and before 1970.
    @Test(arguments: [
        (1970, 1, 1, 0, 4), (2000, 2, 29, 11_016, 2), (2000, 3, 1, 11_017, 3), (1900, 3, 1, -25_508, 4),
        (2100, 3, 1, 47_541, 1), (1969, 12, 31, -1, 3), (2026, 11, 21, 20_778, 6),
    ])
    func `days and weekdays are the calendar's`(_ year: Int, _ month: Int, _ day: Int, _ days: Int64, _ weekday: Int) {
        let time = CivilTime(year: year, month: month, day: day, seconds: 5)
        #expect(time.day == days && time.weekday == weekday && time.year == year && time.secondOfDay == 5)
    }

    @Test func `every new year is found`() {
        for year in 1600...2600 {
            let start = CivilTime(year: year, month: 1, day: 1)
            #expect(start.year == year && CivilTime(seconds: start.seconds - 1).year == year - 1)
        }
    }
}
