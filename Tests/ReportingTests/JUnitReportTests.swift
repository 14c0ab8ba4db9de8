import Reporting
import Testing

@Suite("JUnit files")
struct JUnitReportTests {
    @Test("one test case an app, with timing and failure text")
    func casesOfAnApply() {
        var proven = app("backend", .proven)
        proven.seconds = 2.0456
        let xml = JUnitReport(
            report(.apply, .failed, [proven, app("web", .failed, failure: pullFailure), app("ui", .notStarted)])
        ).render()
        #expect(
            xml == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites>
                <testsuite name="descry apply DEV" tests="3" failures="1" errors="0" skipped="1" time="2.046">
                  <testcase name="backend 1.1.0-rc-\(sha)" classname="descry.DEV" time="2.046"/>
                  <testcase name="web 1.1.0-rc-\(sha)" classname="descry.DEV" time="0.000">
                    <failure type="image-pull" message="ImagePullBackOff">image-pull: pod web-2, container web: ImagePullBackOff: Back-off pulling image &quot;shop/web:1.1.0&quot;&#10;hint: push the image</failure>
                  </testcase>
                  <testcase name="ui 1.1.0-rc-\(sha)" classname="descry.DEV" time="0.000">
                    <skipped message="not started: an earlier app failed"/>
                  </testcase>
                </testsuite>
                </testsuites>

                """)
    }

    @Test(
        "what XML cannot hold is escaped or replaced",
        arguments: [
            // Markup must stay text.
            ("<a & \"b\">", "&lt;a &amp; &quot;b&quot;&gt;"),
            // Line breaks in attributes are folded by parsers unless they are references.
            ("a\nb\tc", "a&#10;b&#9;c"),
            // XML 1.0 has no escape for control characters and noncharacters at all.
            ("a\u{0}b\u{1B}c\u{FFFE}", "a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
        ])
    func escaping(text: String, expected: String) {
        let report = JUnitReport(
            name: "n", cases: [.init(name: text, className: "c", seconds: 0, result: .passed)])
        #expect(report.render().contains("<testcase name=\"\(expected)\" classname=\"c\""))
    }
}
