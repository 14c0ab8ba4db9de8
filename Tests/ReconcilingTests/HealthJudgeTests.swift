import Kubernetes
import Reporting
import Testing

@testable import Reconciling

/// Each row is what the pods answer second by second, and what is made of it.
@Suite struct HealthJudgeTests {
    /// One letter a question: good, bad, starting, away (gone), unheard, refused; `.` is no question.
    private static func reply(_ letter: Character) -> HealthReply? {
        switch letter {
        case "g": .good
        case "b": .bad("answered 503")
        case "s": .starting("answered 503")
        case "a": .gone
        case "u": .unheard(KubernetesError(code: "unreachable", category: .unreachable, message: "no way"))
        case "r": .refused(KubernetesError(code: "forbidden", category: .denied, status: 403, message: "no"))
        default: nil
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let pods: [String]
        var during = 0
        var limit = 600
        /// `passed`, a failure's code, or nil where it goes on; with the second of that verdict, and the pod it is about.
        let end: String?
        var second: Int?
        var pod: String?
        var testDescription: String { "\(pods) for \(during) s: \(end ?? "goes on")" }
    }

    private static let rows = [
        // Once is enough, of every pod.
        Row(pods: ["g"], end: "passed", second: 0),
        Row(pods: ["g", "g", "g"], end: "passed", second: 0),
        Row(pods: ["g", "bg"], end: "passed", second: 1),
        // What was good once and is bad now is not good.
        Row(pods: ["gb", ".."], end: nil),
        Row(pods: ["gbg", "bbg"], end: "passed", second: 2),
        // Three in a row, and not three in all.
        Row(pods: ["bbb"], end: "unhealthy", second: 2, pod: "pod-0"),
        Row(pods: ["g", "bbb"], end: "unhealthy", second: 2, pod: "pod-1"),
        Row(pods: ["bbgbbgbb"], during: 9, end: nil),
        // Without a break: a single bad answer starts the time anew.
        Row(pods: ["gggg"], during: 3, end: "passed", second: 3),
        Row(pods: ["ggbgggg"], during: 3, end: "passed", second: 6),
        Row(pods: ["ggg"], during: 3, end: nil),
        Row(pods: ["gggbgggg", "gggggggg"], during: 3, end: "passed", second: 7),
        // All at the same time: the one that was good first must still be.
        Row(pods: ["gggggbgggg", "bggggggggg"], during: 3, end: "passed", second: 4),
        Row(pods: ["ggggbbb", "bbgbbgb"], during: 3, end: "unhealthy", second: 6, pod: "pod-0"),
        // A pod that is gone is let go after three times, while others remain.
        Row(pods: ["g", "aaa"], end: "passed", second: 2),
        Row(pods: ["ggggg", "aagaa"], during: 2, end: nil),
        Row(pods: ["gggggg", "aagggg"], during: 2, end: "passed", second: 4),
        Row(pods: ["bbb", "aaa"], end: "unhealthy", second: 2, pod: "pod-0"),
        // Gone, and made anew: it has had no bad answer in a row.
        Row(pods: ["bbabbg"], end: "passed", second: 5),
        // The last one that there is: a minute.
        Row(pods: ["aaaaaag"], end: "passed", second: 6),
        Row(pods: [String(repeating: "a", count: 70)], end: "pods-gone", second: 60, pod: "pod-0"),
        Row(
            pods: ["aaa", String(repeating: "a", count: 70)], end: "pods-gone", second: 60, pod: "pod-1"),
        // A pod that starts is waited for; whatever it says, it is not the rollout's end.
        Row(pods: ["ssssssssg"], end: "passed", second: 8),
        Row(pods: ["bbssbb"], end: nil),
        // No API server: nobody is to blame for a minute. It breaks the time all the same, since nobody looked.
        Row(pods: ["uuuuuug"], end: "passed", second: 6),
        Row(pods: ["gguggg"], during: 3, end: nil),
        Row(pods: ["bbub"], end: "unhealthy", second: 3, pod: "pod-0"),
        Row(pods: ["g" + String(repeating: "u", count: 70)], during: 3, end: "unreachable", second: 60),
        // What may not be asked need not be asked again.
        Row(pods: ["g", "r"], end: "forbidden", second: 0),
        // Not for ever: an app that flaps, or one that never comes to start.
        Row(pods: ["gbgbgbgb"], during: 2, limit: 5, end: "timed-out", second: 5, pod: "pod-0"),
        Row(pods: [String(repeating: "s", count: 700)], end: "timed-out", second: 600, pod: "pod-0"),
        // The time that is up is no failure where all is well at last.
        Row(pods: ["bgbggg"], during: 2, limit: 5, end: "passed", second: 5),
    ]

    @Test(arguments: rows) func judges(_ row: Row) {
        var judge = HealthJudge(
            "GET /health", pods: row.pods.indices.map { "pod-\($0)" }, during: .seconds(row.during),
            within: .seconds(row.limit))
        var end: String?
        var pod: String?
        var second: Int?
        questions: for time in 0..<(row.pods.map(\.count).max() ?? 0) {
            for (index, letters) in row.pods.enumerated() {
                // Those that answer no more keep to what they said last.
                let letter = Array(letters)[min(time, letters.count - 1)]
                guard let reply = Self.reply(letter) else { continue }
                switch judge.heard(reply, from: "pod-\(index)", at: .seconds(time)) {
                case .goOn, .dropped: continue
                case .passed: end = "passed"
                case .failed(let failure): (end, pod) = (failure.code, failure.pod)
                }
                second = time
                break questions
            }
        }
        #expect(end == row.end)
        #expect(second == row.second)
        #expect(pod == row.pod)
    }

    @Test func aFailureSaysWhatWasAskedAndAnswered() {
        var judge = HealthJudge("GET :80/health", pods: ["web-0"], during: .zero, within: .seconds(9))
        for _ in 0..<2 { #expect(judge.heard(.bad("answered 503"), from: "web-0", at: .zero) == .goOn) }
        #expect(
            judge.heard(.bad("answered 500: \"x\""), from: "web-0", at: .zero)
                == .failed(
                    AppReport.Failure(
                        code: "unhealthy", message: "GET :80/health answered 500: \"x\", 3 times in a row", pod: "web-0"
                    )))
    }
}
