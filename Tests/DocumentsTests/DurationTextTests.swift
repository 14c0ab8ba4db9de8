import Documents
import Testing

@Suite struct DurationTextTests {
    @Test(arguments: [
        // One unit, several, fractions, and the smallest and largest that Go can say.
        ("90s", Duration.seconds(90), "1m30s"), ("10m", .seconds(600), "10m"), ("1h30m", .seconds(5400), "1h30m"),
        ("1.5h", .seconds(5400), "1h30m"), (".5s", .milliseconds(500), "500ms"), ("1.s", .seconds(1), "1s"),
        ("100ms", .milliseconds(100), "100ms"), ("1us", .microseconds(1), "1us"), ("1µs", .microseconds(1), "1us"),
        ("1μs", .microseconds(1), "1us"), ("1ns", .nanoseconds(1), "1ns"),
        ("1m1s1ms", .milliseconds(61_001), "1m1s1ms"),
        ("9223372036854775807ns", .nanoseconds(Int64.max), "2562047h47m16s854775807ns"),
        ("0.000000001s", .nanoseconds(1), "1ns"), ("1s0h", .seconds(1), "1s"),
    ])
    func readsWhatGoReads(text: String, duration: Duration, canonical: String) throws {
        #expect(try DurationText.parse(text) == duration)
        #expect(DurationText.format(duration) == canonical)
        #expect(try DurationText.parse(canonical) == duration)
    }

    @Test(arguments: [
        // Not a duration for Go, either.
        "", "10", "m", ".", ".s", "1d", "10 m", "1h 30m", "10M", "1,5h", "١s", "1e3s", "9223372036854775808ns",
        "2562048h",
        // Nothing to wait for.
        "0s", "0", "-5m", "+5m", "0.1ns",
    ])
    func refusesTheRest(text: String) {
        #expect(throws: DurationTextError.self) { try DurationText.parse(text) }
    }
}
