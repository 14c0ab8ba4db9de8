/// A rule for all years, as it stands at the end of a time zone file: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Source: POSIX.1, “Other Environment Variables”, `TZ`; with RFC 8536 section 3.3.1's hours from -167 to 167.
struct PosixTimeZone: Sendable, Hashable {
    /// Seconds to add to UTC.
    let standard: Int
    let daylight: Daylight?

    struct Daylight: Sendable, Hashable {
        let offset: Int
        let start: Moment
        let end: Moment
    }

    /// A day of each year, and a time on it, by the clock that ends there.
    struct Moment: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// `J60`: 1 to 365, without 29 February.
            case withoutLeapDay(Int)
            /// `59`: 0 to 365.
            case ofYear(Int)
            /// `M10.5.0`: the fifth, or last, Sunday of October.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        let day: Day
        let seconds: Int64

        /// When it is, in that year.
        func time(in year: Int) -> CivilTime {
            let january = CivilTime.days(year: year, month: 1, day: 1)
            let day: Int64
            switch self.day {
            case .withoutLeapDay(let number):
                day = january + Int64(number) - (CivilTime.isLeap(year) && number >= 60 ? 0 : 1)
            case .ofYear(let number): day = january + Int64(number)
            case .weekday(let month, let week, let weekday):
                let first = CivilTime.days(year: year, month: month, day: 1)
                let next = CivilTime.days(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1)
                var found = first + Int64((weekday - CivilTime.weekday(ofDay: first) + 7) % 7) + Int64(week - 1) * 7
                while found >= next { found -= 7 }
                day = found
            }
            return CivilTime(seconds: day * CivilTime.secondsOfDay + seconds)
        }
    }

    /// - Returns: nil for what isn't such a rule.
    init?(_ text: String) {
        var scanner = Scanner(Array(text.utf8))
        guard scanner.skipName(), let west = scanner.time(limit: 24) else { return nil }
        standard = -Int(west)
        if scanner.isAtEnd {
            daylight = nil
            return
        }
        guard scanner.skipName() else { return nil }
        var offset = standard + 3600
        if scanner.next != UInt8(ascii: ",") {
            guard let west = scanner.time(limit: 24) else { return nil }
            offset = -Int(west)
        }
        guard let start = scanner.moment(), let end = scanner.moment(), scanner.isAtEnd else { return nil }
        daylight = Daylight(offset: offset, start: start, end: end)
    }

    /// Seconds to add to UTC at an instant, in seconds since 1970.
    func offset(at instant: Int64) -> Int {
        guard let daylight else { return standard }
        let changes = changes(around: instant)
        return changes.last { $0.instant <= instant }?.offset ?? daylight.offset
    }

    /// The next instant at which the clock changes; nil where it never does.
    func nextChange(after instant: Int64) -> Int64? {
        changes(around: instant).first { $0.instant > instant }?.instant
    }

    /// The changes from the year before to the year after, in order. Where one ends as another begins, as in a zone that
    /// keeps daylight-saving time all year (RFC 8536 section 3.3.1), the later one in the year's order decides.
    private func changes(around instant: Int64) -> [(instant: Int64, offset: Int)] {
        guard let daylight else { return [] }
        let year = CivilTime(seconds: instant + Int64(standard)).year
        return (year - 1...year + 1).flatMap { year in
            [
                (daylight.start.time(in: year).seconds - Int64(standard), daylight.offset),
                (daylight.end.time(in: year).seconds - Int64(daylight.offset), standard),
            ]
        }.sorted { ($0.0, $0.1 == daylight.offset ? 1 : 0) < ($1.0, $1.1 == daylight.offset ? 1 : 0) }
    }
}

/// Reads the parts of a rule.
private struct Scanner {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }
    var next: UInt8? { rest.first }

    /// `CET`, or `<+0330>`: at least three characters.
    mutating func skipName() -> Bool {
        let isQuoted = take("<")
        let name = rest.prefix { byte in
            let letter = byte | 0x20
            return (0x61...0x7a).contains(letter)
                || isQuoted && ((0x30...0x39).contains(byte) || "+-".utf8.contains(byte))
        }
        rest = rest.dropFirst(name.count)
        return name.count >= 3 && (!isQuoted || take(">"))
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    mutating func time(limit: Int) -> Int64? {
        let sign: Int64 = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard let hours = number(upTo: limit) else { return nil }
        var seconds = Int64(hours) * 3600
        for unit in [60, 1] as [Int64] where take(":") {
            guard let part = number(upTo: 59) else { return nil }
            seconds += Int64(part) * unit
        }
        return sign * seconds
    }

    /// `,day[/time]`; the time is 02:00 unless it says otherwise.
    mutating func moment() -> PosixTimeZone.Moment? {
        guard take(","), let day = day() else { return nil }
        guard take("/") else { return PosixTimeZone.Moment(day: day, seconds: 7200) }
        return time(limit: 167).map { PosixTimeZone.Moment(day: day, seconds: $0) }
    }

    private mutating func day() -> PosixTimeZone.Moment.Day? {
        if take("J") { return number(upTo: 365).flatMap { $0 > 0 ? .withoutLeapDay($0) : nil } }
        guard take("M") else { return number(upTo: 365).map { .ofYear($0) } }
        guard let month = number(upTo: 12), month > 0, take("."), let week = number(upTo: 5), week > 0, take("."),
            let weekday = number(upTo: 6)
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }

    private mutating func number(upTo limit: Int) -> Int? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number <= limit ? number : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}
