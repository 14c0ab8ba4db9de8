import Documents

/// A weekly time, such as `Mon-Fri 08:00-17:00`: days, times of day, or both.
///
/// Days are `Mon` to `Sun`, alone, as `Mon-Fri`, or several with commas; without them every day is meant. Times are
/// `HH:MM-HH:MM`, several with commas, up to `24:00`; without them the whole day is meant. A time that ends before it
/// begins ends on the day after the one that it belongs to.
struct WindowText: Sendable, Hashable {
    /// What is wrong, and how many bytes into the text.
    struct Problem: Error, Hashable {
        let offset: Int
        let message: String
        let hint: String
    }

    /// Days on which it begins, 0 for Sunday.
    let days: Set<Int>
    /// From a second of the day up to, not including, another one; that is on the next day where it isn't greater.
    let times: [Times]

    struct Times: Sendable, Hashable {
        let start: Int64
        let end: Int64

        var isOverMidnight: Bool { end <= start }
    }

    init(_ text: String) throws(Problem) {
        var words: [(text: Substring, offset: Int)] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            words.append((word, text.utf8.distance(from: text.startIndex, to: word.startIndex)))
        }
        guard let first = words.first, words.count <= 2 else {
            throw Problem(
                offset: words.count > 2 ? words[2].offset : 0, message: "a window is days, times, or both",
                hint: Self.hint)
        }
        let hasDays = !(first.text.first?.isNumber ?? true)
        if words.count == 2, !hasDays {
            throw Problem(offset: words[1].offset, message: "the days come before the times", hint: Self.hint)
        }
        days = hasDays ? try Self.days(first.text, first.offset) : Set(0..<7)
        if let word = hasDays ? words.dropFirst().first : first {
            times = try Self.times(word.text, word.offset)
        } else {
            times = [Times(start: 0, end: CivilTime.secondsOfDay)]
        }
    }

    /// Whether a clock that shows this time is inside.
    func contains(_ time: CivilTime) -> Bool {
        let second = time.secondOfDay
        let today = days.contains(time.weekday)
        let yesterday = days.contains((time.weekday + 6) % 7)
        return times.contains { times in
            times.isOverMidnight
                ? today && second >= times.start || yesterday && second < times.end
                : today && second >= times.start && second < times.end
        }
    }

    /// The seconds of a day at which it may begin or end, ascending.
    var edges: [Int64] {
        Set(times.flatMap { [$0.start, $0.end % CivilTime.secondsOfDay] } + [0]).sorted()
    }

    private static let hint = "Write it like Mon-Fri 08:00-17:00, Sat,Sun or 22:00-06:00"
    private static let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    private static func days(_ text: Substring, _ offset: Int) throws(Problem) -> Set<Int> {
        var days: Set<Int> = []
        for (item, offset) in items(text, offset) {
            let ends = item.split(separator: "-", omittingEmptySubsequences: false)
            var numbers: [Int] = []
            for end in ends {
                guard let number = names.firstIndex(of: String(end)), ends.count <= 2 else {
                    throw Problem(
                        offset: offset, message: "\(TerminalText.quoted(String(item), limit: 30)) names no days",
                        hint: "Days are Mon, Tue, Wed, Thu, Fri, Sat and Sun; several are Mon-Fri or Sat,Sun")
                }
                numbers.append(number)
            }
            var day = numbers[0]
            days.insert(day)
            while day != numbers[numbers.count - 1] {
                day = (day + 1) % 7
                days.insert(day)
            }
        }
        return days
    }

    private static func times(_ text: Substring, _ offset: Int) throws(Problem) -> [Times] {
        var result: [Times] = []
        for (item, offset) in items(text, offset) {
            let ends = item.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let start = time(ends[0]), let end = time(ends[1]), start < CivilTime.secondsOfDay
            else {
                throw Problem(
                    offset: offset, message: "\(TerminalText.quoted(String(item), limit: 30)) is no time of the day",
                    hint: "Write it as HH:MM-HH:MM, from 00:00 to 24:00")
            }
            guard start != end else {
                throw Problem(
                    offset: offset, message: "\(TerminalText.quoted(String(item))) ends as it begins",
                    hint: "Leave the times out for the whole day")
            }
            result.append(Times(start: start, end: end))
        }
        return result
    }

    /// Parts between commas, with where they begin.
    private static func items(_ text: Substring, _ offset: Int) -> [(Substring, Int)] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { item in
            (item, offset + text.utf8.distance(from: text.startIndex, to: item.startIndex))
        }
    }

    private static func time(_ text: Substring) -> Int64? {
        let digits = Array(text.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":") else { return nil }
        let numbers = [0, 1, 3, 4].map { Int64(digits[$0]) - 0x30 }
        guard numbers.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let (hour, minute) = (numbers[0] * 10 + numbers[1], numbers[2] * 10 + numbers[3])
        guard minute < 60, hour < 24 || hour == 24 && minute == 0 else { return nil }
        return hour * 3600 + minute * 60
    }
}
