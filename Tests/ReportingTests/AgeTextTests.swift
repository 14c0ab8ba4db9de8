import FoundationEssentials
import Testing

@testable import Reporting

/// Ages as kubectl prints them: the larger of two units alone where the smaller one says little.
@Suite struct AgeTextTests {
    @Test(arguments: [
        // Each unit's first and last value, and where the second unit is dropped.
        (0, "0s"), (42, "42s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (599, "9m59s"), (600, "10m"),
        (659, "10m"), (10_799, "179m"), (10_800, "3h"), (12_000, "3h20m"), (28_799, "7h59m"), (28_800, "8h"),
        (172_799, "47h"), (172_800, "2d"), (273_600, "3d4h"), (691_200, "8d"), (21_600_000, "250d"),
        (63_072_000, "2y"), (63_331_200, "2y3d"), (252_288_000, "8y"),
        // Another machine's clock is ahead.
        (-30, "0s"),
    ])
    func age(seconds: Int, text: String) {
        let date = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(AgeText.format(since: date, now: date.addingTimeInterval(Double(seconds))) == text)
    }
}
