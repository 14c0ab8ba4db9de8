import FoundationEssentials
import Reporting
import Testing

@Suite("JSON output")
struct JSONReportTests {
    private struct Pass: Decodable {
        struct App: Decodable {
            var app: String
            var outcome: String
            var failure: Failure?
        }
        struct Failure: Decodable {
            var code: String
            var reason: String?
        }
        var command: String
        var outcome: String
        var startedAt: String
        var apps: [App]
    }

    @Test("holds the same facts as the text, with ISO 8601 times and sorted keys")
    func shape() throws {
        let text = try JSONReport.render(report(.apply, .failed, [app("web", .failed, failure: pullFailure)]))
        let pass = try JSONDecoder().decode(Pass.self, from: Data(text.utf8))
        #expect(pass.command == "apply")
        #expect(pass.outcome == "failed")
        #expect(pass.startedAt == "2023-11-14T22:15:00Z")
        #expect(pass.apps.first?.failure?.code == "image-pull")
        #expect(pass.apps.first?.failure?.reason == "ImagePullBackOff")
        let keys = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }.compactMap {
            $0.split(separator: "\"").dropFirst().first
        }
        #expect(keys == keys.sorted())
        #expect(text.hasSuffix("}\n"))
    }
}
