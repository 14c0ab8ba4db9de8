import Documents
import Testing

/// `Retry-After` in all of its forms.
@Suite struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT
    private static let now: Int64 = 784_111_777

    @Test(
        arguments: [
            // Seconds, as almost everybody sends them.
            ("0", 0), ("120", 120), (" 7\t", 7),
            // No more than an hour is believed.
            ("3601", 3600), ("99999999999999999999999", 3600),
            // A moment: the form to send, and the two that servers of old send.
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60), ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
            ("Sun Nov  6 08:50:37 1994", 60), ("Sun, 06 Nov 1994 09:49:38 GMT", 3600),
            // Over already.
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            // A leap second.
            ("Sun, 06 Nov 1994 08:49:60 GMT", 23),
            // What is none of it says nothing.
            ("", nil), ("-1", nil), ("1.5", nil), ("soon", nil), ("Sun, 06 Nov 1994 08:50:37 CET", nil),
            ("Sun, 06 Foo 1994 08:50:37 GMT", nil), ("Sun, 32 Nov 1994 08:50:37 GMT", nil),
            ("Sun, 06 Nov 1994 24:50:37 GMT", nil), ("Sun, 06 Nov 94 08:50:37 GMT", nil),
        ] as [(String, Int64?)])
    func `what a server asks for`(value: String, seconds: Int64?) {
        #expect(RetryAfter.pause(value, date: nil, now: Self.now) == seconds.map { .seconds($0) })
    }

    @Test func `no header asks for nothing`() { #expect(RetryAfter.pause(nil, date: nil, now: Self.now) == nil) }

    /// The server's calendar is three days ahead, or ten years behind: what it means is the difference to its own date.
    @Test(arguments: [
        ("Wed, 09 Nov 1994 08:49:37 GMT", "Wed, 09 Nov 1994 08:51:07 GMT"),
        ("Tue, 06 Nov 1984 08:49:37 GMT", "Tue, 06 Nov 1984 08:51:07 GMT"),
        ("Tue, 29 Feb 2000 23:59:00 GMT", "Wed, 01 Mar 2000 00:00:30 GMT"),
        ("Thu, 31 Dec 2099 23:59:00 GMT", "Fri, 01 Jan 2100 00:00:30 GMT"),
        ("Sun Feb 28 23:59:00 2100", "Monday, 01-Mar-00 00:00:30 GMT"),
    ])
    func `a moment is compared with the server's own clock`(date: String, value: String) {
        #expect(RetryAfter.pause(value, date: date, now: Self.now) == .seconds(90))
    }

    @Test func `a date that is none leaves this machine's`() {
        let pause = RetryAfter.pause("Sun, 06 Nov 1994 08:50:37 GMT", date: "today", now: Self.now)
        #expect(pause == .seconds(60))
    }
}
