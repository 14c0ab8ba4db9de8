/// What a server asks for by `Retry-After`: so many seconds, or a moment.
///
/// A moment is compared with the answer's own `Date` where it has one, so that it does not matter how far the server's clock is from this
/// machine's. Source: RFC 9110, 10.2.3 (the header) and 5.6.7 (the three forms of a date, all of which are to be taken).
public enum RetryAfter {
    /// However much later it is to be: no more than this is believed.
    public static let longest = Duration.seconds(3600)

    /// - Parameters:
    ///   - value: the header's value.
    ///   - date: the value of the same answer's `Date`.
    ///   - now: this machine's time in seconds since 1970, for where the answer has no date.
    /// - Returns: how long to wait from when the answer came, zero where that is over; nil where the header says nothing.
    public static func pause(_ value: String?, date: String?, now: Int64) -> Duration? {
        guard let value = value.map({ trimmed($0) }), !value.isEmpty else { return nil }
        if value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than a number has are more than is believed, too.
            return Int64(value).map { min(.seconds($0), longest) } ?? longest
        }
        let here = date.flatMap { moment(trimmed($0), near: now) } ?? now
        guard let moment = moment(value, near: here) else { return nil }
        return min(max(.seconds(moment - here), .zero), longest)
    }

    private static func trimmed(_ text: String) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    /// The moment that an HTTP-date names, in seconds since 1970; nil for any other text.
    private static func moment(_ text: Substring, near now: Int64) -> Int64? {
        var words = text.split(separator: " ").map(String.init)
        if words.count == 4, words[3] == "GMT" {
            // Sunday, 06-Nov-94 08:49:37 GMT
            let parts = words[1].split(separator: "-").map(String.init)
            guard parts.count == 3, let year = number(parts[2], digits: 2) else { return nil }
            return moment(day: parts[0], parts[1], century(year, near: now), words[2])
        }
        if words.count == 6, words[5] == "GMT", let year = number(words[3], digits: 4) {
            // Sun, 06 Nov 1994 08:49:37 GMT
            return moment(day: words[1], words[2], year, words[4])
        }
        if words.count == 5, let year = number(words[4], digits: 4) {
            // Sun Nov  6 08:49:37 1994
            if words[2].utf8.count == 1 { words[2] = "0" + words[2] }
            return moment(day: words[2], words[1], year, words[3])
        }
        return nil
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func moment(day: String, _ month: String, _ year: Int64, _ time: String) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { number(String($0), digits: 2) }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            hour < 24, minute < 60, second <= 60, let day = number(day, digits: 2), (1...31).contains(day),
            let month = months.firstIndex(of: month)
        else { return nil }
        return days(year, Int64(month + 1), day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// The year with these last two digits that is no more than fifty ahead.
    private static func century(_ year: Int64, near now: Int64) -> Int64 {
        let current = 1970 + now / 31_556_952
        let year = current / 100 * 100 + year
        return year > current + 50 ? year - 100 : year
    }

    private static func number(_ text: String, digits: Int) -> Int64? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// Days from 1970-01-01 to a day of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years begin in March here, so that the day that only some have is the last of one.
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}
