import Reporting
import Testing

@Suite("The text of a finished pass")
struct TextReportTests {
    @Test("a plan is a table with the SHAs cut, and a summary")
    func planTable() {
        var unchanged = app("web", .unchanged)
        unchanged.changes = []
        let text = TextReport.render(report(.plan, .pending, [app("backend", .pending), unchanged]), style: .plain)
        #expect(
            text == """
                DEV at a1b2c3d4e5: backend 1.1.0, by Ada
                APP       WORKLOAD              FROM               TO                 WAVE   CHANGE
                backend   statefulset/backend   1.0.0-rc-020c8bb   1.1.0-rc-020c8bb   1      version
                1 app to change, 1 unchanged

                """)
    }

    @Test("a plan without changes says so and prints no table")
    func planWithoutChanges() {
        var unchanged = app("web", .unchanged)
        unchanged.changes = []
        let text = TextReport.render(report(.plan, .unchanged, [unchanged]), style: .plain)
        #expect(text.hasSuffix("no changes: 1 app as described\n"))
        #expect(!text.contains("WORKLOAD"))
    }

    @Test("a failed apply names pod, container, reason, what is running and what to do")
    func applyFailure() {
        var failed = app("web", .failed, failure: pullFailure)
        failed.running = ["web-0: shop/web:1.0.0", "web-2: shop/web:1.1.0"]
        let text = TextReport.render(
            report(.apply, .failed, [app("backend", .proven), failed, app("ui", .notStarted)]), style: .plain)
        #expect(
            text == """
                web (statefulset/web): image-pull: pod web-2, container web: ImagePullBackOff: Back-off pulling image "shop/web:1.1.0"
                  running: web-0: shop/web:1.0.0, web-2: shop/web:1.1.0
                  hint: push the image
                DEV failed: 1 proven, 1 failed, 1 not started in 12.3 s

                """)
    }

    @Test("text from elsewhere cannot steer the terminal")
    func controlCharacters() {
        let failure = AppReport.Failure(code: "crash-loop", message: "oops\u{1B}[2J\nnext\u{202E}line")
        let text = TextReport.render(report(.apply, .failed, [app("web", .failed, failure: failure)]), style: .plain)
        #expect(!text.contains("\u{1B}"))
        #expect(!text.contains("\u{202E}"))
        #expect(text.contains("oops\\u{1B}[2J next\\u{202E}line"))
    }

    @Test("colours only where they are asked for", arguments: [true, false])
    func colours(coloured: Bool) {
        let text = TextReport.render(report(.apply, .proven, [app("web", .proven)]), style: .init(isColoured: coloured))
        #expect(text.contains("\u{1B}[32mproven\u{1B}[0m") == coloured)
    }
}
