import Testing

@testable import Reconciling

@Suite struct HealthAnswerTests {
    /// Only the status, a boolean `healthy` at the top and the expected text decide; whatever else an app says is its own
    /// business.
    @Test(
        arguments: [
            (200, "", nil), (204, "", nil), (299, "ok", nil),
            (200, #"{"healthy":true}"#, nil), (200, #"{"status":"UP"}"#, nil),
            // `healthy` elsewhere or of another type is not what the rule speaks of.
            (200, #"{"database":{"healthy":false}}"#, nil), (200, #"{"healthy":"false"}"#, nil),
            (200, #"{"healthy":null}"#, nil), (200, #"[{"healthy":false}]"#, nil), (200, "healthy: false", nil),
            (200, "{maintenance}", nil),
            (200, "all systems go", "systems"), (200, #"{"healthy":true,"role":"primary"}"#, #""role":"primary""#),
        ] as [(Int, String, String?)])
    func isGood(status: Int, body: String, expected: String?) {
        #expect(HealthAnswer(status: status, body: Array(body.utf8)).problem(expecting: expected) == nil)
    }

    @Test(
        arguments: [
            // Redirects are not followed, so 3xx is no good answer either; 1xx never comes as an answer.
            (503, "", nil, "answered 503"), (302, "", nil, "answered 302"),
            (404, "no route", nil, #"answered 404: "no route""#),
            (
                200, #" {"healthy": false, "reason": "no database"}"#, nil,
                #"answered 200 and says that it is not healthy: "{"healthy": false, "reason": "no database"}""#
            ),
            (200, "starting", "ready", #"answered 200 without "ready": "starting""#),
            (200, "", "ready", #"answered 200 without "ready""#),
            // The status goes first: it is what a person looks for.
            (500, #"{"healthy":false}"#, "x", #"answered 500: "{"healthy":false}""#),
        ] as [(Int, String, String?, String)])
    func isBad(status: Int, body: String, expected: String?, problem: String) {
        #expect(HealthAnswer(status: status, body: Array(body.utf8)).problem(expecting: expected) == problem)
    }

    /// The body is the app's: it may hold anything, at any length, in any encoding.
    @Test(arguments: [
        ("a\n\n  b\tc", #"answered 500: "a b c""#),
        ("\u{1B}[2Jgone\u{202E}", #"answered 500: "\u{1B}[2Jgone\u{202E}""#),
        (String(repeating: "é", count: 201), "answered 500: \"\(String(repeating: "é", count: 200))…\""),
        (" \n ", "answered 500"),
    ])
    func quotesOneSafeLine(body: String, problem: String) {
        #expect(HealthAnswer(status: 500, body: Array(body.utf8)).problem(expecting: nil) == problem)
    }

    @Test func quotesWhatIsNotText() {
        #expect(
            HealthAnswer(status: 500, body: [0xFF, 0x41]).problem(expecting: nil) == "answered 500: \"\u{FFFD}A\"")
    }

    /// A body that was not read whole must not pass for one that says nothing bad.
    @Test func aBodyBeyondTheLimit() {
        let filler = String(repeating: "x", count: HealthAnswer.bodyLimit)
        let json = HealthAnswer(status: 200, body: Array(#" {"a":"\#(filler)""#.utf8))
        #expect(json.problem(expecting: nil) == "answered 200 with JSON of more than 64 KiB, which is not read")
        let page = HealthAnswer(status: 200, body: Array("<html>\(filler)end".utf8))
        #expect(page.problem(expecting: nil) == nil)
        #expect(page.problem(expecting: "end")?.hasPrefix("answered 200 without \"end\"") == true)
    }
}
