import FoundationEssentials
import Testing

@testable import Kubernetes

/// The times in a Lease: how they are written, and that those of one holder all differ.
@Suite struct MicroTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1_767_323_045.000001, "2026-01-02T03:04:05.000001Z"),
        (1_767_323_045.999999, "2026-01-02T03:04:05.999999Z"), (4_102_444_800, "2100-01-01T00:00:00.000000Z"),
    ]) func `always with six digits`(seconds: Double, text: String) {
        // Half a microsecond more: a Date counts from 2001 in a Double, which has not all of them.
        #expect(MicroTime(Date(timeIntervalSince1970: seconds + 0.000_000_5)).description == text)
    }

    /// A clock that goes on, stands, goes back by a second and by years, at the edge of a second, and a time that another program
    /// has written.
    @Test(arguments: [
        ("2026-01-02T03:04:06.000000Z", "2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:06.000000Z"),
        ("2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000002Z"),
        ("2026-01-02T03:04:04.000000Z", "2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000002Z"),
        ("1999-01-02T03:04:04.000000Z", "2026-01-02T03:04:05.999999Z", "2026-01-02T03:04:06.000000Z"),
        ("2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000001Z"),
        ("2026-01-02T03:04:05.000001Z", "xxxxxxxxxxxxxxxxxxxxxxxxxxx", "2026-01-02T03:04:05.000001Z"),
    ]) func `each is later than the one before`(time: String, previous: String, next: String) {
        #expect(MicroTime(text: time).following(MicroTime(text: previous)).description == next)
    }
}
