import Documents
import Reconciling
import Testing

/// What `descry lint` makes of a file, whose kind it tells by its shape.
@Suite struct EnvironmentInputCheckTests {
    @Test(arguments: [
        ("apps:\n  - {name: a, version: 1.0.0-rc-abcdef0}\n", InputCheck.Kind.descriptor, [], "1 app"),
        ("apps: []\n", .descriptor, ["no-apps"], "0 apps"), ("apps: 1\n", .descriptor, ["wrong-type"], "1 error"),
        ("", .descriptor, ["empty-file"], "1 error"), ("[", .descriptor, ["yaml-syntax"], "1 error"),
        ("environment: DEV\n", .environment, [], "environment DEV"),
        ("environment: 1\nbranch: 2\n", .environment, ["wrong-type", "wrong-type"], "2 errors"),
        ("environment: DEV\napps: []\n", .environment, ["unknown-field"], "1 error"),
    ])
    func filesAreCheckedAsWhatTheyAre(text: String, kind: InputCheck.Kind, codes: [String], summary: String) {
        let check = InputCheck.run(Array(text.utf8), file: "f.yaml")
        #expect(check.kind == kind)
        #expect(check.diagnostics.map(\.code) == codes)
        #expect(check.summary == summary)
        #expect(check.isGood == (codes.isEmpty || codes == ["no-apps"]))
    }
}
