#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A date and time as ssh-keygen takes it: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with `Z` behind it for UTC.
public struct SignerTime: Sendable, Hashable {
    public let year: Int
    public let month: Int
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int
    public let isUTC: Bool

    /// - Returns: nil for what isn't one of the three forms, or names no day of the calendar.
    init?(_ text: String) {
        var digits = Array(text.utf8)
        isUTC = digits.last == UInt8(ascii: "Z") || digits.last == UInt8(ascii: "z")
        if isUTC { digits.removeLast() }
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        func number(_ range: Range<Int>) -> Int {
            range.upperBound <= digits.count ? digits[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } : 0
        }
        (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1970, (1...12).contains(month), (1...days[month - 1]).contains(day), hour < 24, minute < 60,
            second < 60
        else { return nil }
    }

    /// In seconds since 1970, read in UTC.
    public var utc: Int64? {
        var parts = parts
        return Int64(timegm(&parts))
    }

    /// In seconds since 1970, read in the time zone of this machine (`TZ`, else /etc/localtime).
    public var local: Int64? {
        var parts = parts
        parts.tm_isdst = -1
        let time = mktime(&parts)
        return time == -1 ? nil : Int64(time)
    }

    private var parts: tm {
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        return parts
    }
}
