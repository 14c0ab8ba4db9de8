import Reporting
import Testing

@Suite("Progress while a pass is under way")
struct ProgressTests {
    private func progress(_ name: String, _ state: AppProgress.State, updated: Int? = nil) -> AppProgress {
        AppProgress(
            app: name, from: "1.0.0-rc-\(sha)", to: "1.1.0-rc-\(sha)", state: state,
            pods: updated.map { .init(replicas: 3, updated: $0, ready: 3) })
    }

    @Test("plain lines are printed once for each change")
    func plainLines() {
        var plain = PlainProgress(style: .plain)
        #expect(
            plain.render(.commit(commit, environment: "DEV", branch: "DEV"))
                == "DEV at a1b2c3d4e5: backend 1.1.0, by Ada\n")
        let one = ProgressEvent.app(progress("web", .rolling("web-2 is not ready"), updated: 1))
        #expect(
            plain.render(one)
                == "web: 1.0.0-rc-020c8bb → 1.1.0-rc-020c8bb: 1/3 updated, 3 ready; web-2 is not ready\n")
        #expect(plain.render(one) == "")
        #expect(plain.render(.app(progress("web", .proven(seconds: 2.04)))).hasSuffix(": proven in 2.0 s\n"))
    }

    @Test("a terminal's table is drawn over itself")
    func liveTable() {
        var live = LiveProgress(style: .plain, terminal: .init(columns: 100, rows: 24))
        let first = live.render(.planned([progress("backend", .waiting), progress("web", .waiting)]))
        #expect(
            first == """
                backend  1.0.0-rc-020c8bb → 1.1.0-rc-020c8bb  waiting for its wave
                web      1.0.0-rc-020c8bb → 1.1.0-rc-020c8bb  waiting for its wave

                """)
        let second = live.render(.app(progress("web", .proven(seconds: 1))))
        #expect(second.hasPrefix("\u{1B}[2A\u{1B}[J"))
        #expect(second.contains("web      1.0.0-rc-020c8bb → 1.1.0-rc-020c8bb  proven in 1.0 s\n"))
        let note = live.render(.note("polling"))
        #expect(note.hasPrefix("\u{1B}[2A\u{1B}[Jnote: polling\nbackend"))
    }

    @Test("more apps than rows: those under way stay, the finished ones are counted")
    func moreAppsThanRows() {
        var live = LiveProgress(style: .plain, terminal: .init(columns: 100, rows: 6))
        _ = live.render(.planned((0..<50).map { progress("app-\($0)", .waiting) }))
        _ = live.render(.app(progress("app-0", .proven(seconds: 1))))
        let text = live.render(.app(progress("app-1", .failed(pullFailure))))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.last == "… 2 of 50 apps finished")
        #expect(!text.contains("app-0 "))
    }

    @Test("a line never wraps")
    func narrowTerminal() {
        var live = LiveProgress(style: .plain, terminal: .init(columns: 30, rows: 24))
        for line in live.render(.planned([progress("web", .failed(pullFailure))])).split(separator: "\n") {
            #expect(line.count < 30)
        }
    }
}
