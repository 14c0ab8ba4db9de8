/// A date and time as a clock on a wall shows it, in the proleptic Gregorian calendar, without a zone.
///
/// Kept as seconds since 1970-01-01 00:00:00 of that clock, so that two of them compare, and weekdays are a division.
struct CivilTime: Sendable, Hashable, Comparable {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init(year: Int, month: Int, day: Int, seconds: Int64 = 0) {
        self.seconds = Self.days(year: year, month: month, day: day) * Self.secondsOfDay + seconds
    }

    static let secondsOfDay: Int64 = 86_400

    static func < (left: CivilTime, right: CivilTime) -> Bool { left.seconds < right.seconds }

    /// Days since 1970-01-01.
    var day: Int64 { Self.floor(seconds, by: Self.secondsOfDay) }

    /// Seconds since midnight.
    var secondOfDay: Int64 { seconds - day * Self.secondsOfDay }

    /// 0 is Sunday, as in POSIX.
    var weekday: Int { Self.weekday(ofDay: day) }

    /// 1970-01-01 was a Thursday.
    static func weekday(ofDay day: Int64) -> Int { Int(day + 4 - floor(day + 4, by: 7) * 7) }

    var year: Int {
        // 400 years are 146,097 days; the estimate is off by one at most.
        var year = Int(Self.floor(day * 400, by: 146_097)) + 1970
        while Self.days(year: year, month: 1, day: 1) > day { year -= 1 }
        while Self.days(year: year + 1, month: 1, day: 1) <= day { year += 1 }
        return year
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days from 1970-01-01 to a date: the years' days, counted from March on so that a leap day comes last.
    static func days(year: Int, month: Int, day: Int) -> Int64 {
        let year = Int64(month <= 2 ? year - 1 : year)
        let month = Int64(month <= 2 ? month + 9 : month - 3)
        let leaps = floor(year, by: 4) - floor(year, by: 100) + floor(year, by: 400)
        // 0000-03-01 lies 719,468 days before 1970-01-01.
        return year * 365 + leaps + (month * 153 + 2) / 5 + Int64(day) - 1 - 719_468
    }

    private static func floor(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }
}
