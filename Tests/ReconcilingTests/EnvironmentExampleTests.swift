import Descriptors
import Documents
import Git
import Reconciling
import TestExamples
import Testing

private let examples = projectFolder() + "/Tests/ReconcilingTests/Examples/environments/"

/// The same example files against the decoder and against docs/schema/environment.schema.json, so that the two cannot
/// drift apart.
@Suite struct EnvironmentExampleTests {
    let schema: JSONSchema

    init() throws {
        schema = try JSONSchema(file: projectFolder() + "/docs/schema/environment.schema.json")
    }

    @Test(arguments: try ExampleFile.all(in: examples + "valid"))
    func decoderAndSchemaAcceptWhatIsValid(_ example: ExampleFile) throws {
        let settings = try EnvironmentSettings.parse(example.bytes, file: example.name)
        #expect(settings.warnings.isEmpty)
        #expect(try schema.violations(of: value(example)) == [])
    }

    @Test(arguments: try ExampleFile.all(in: examples + "invalid"))
    func decoderAndSchemaRefuseWhatIsInvalid(_ example: ExampleFile) throws {
        try expectDiagnostics(example)
        #expect(try !schema.violations(of: value(example)).isEmpty)
    }

    /// YAML's own rules, and what only a parser of URLs can tell.
    @Test(arguments: try ExampleFile.all(in: examples + "beyond-schema"))
    func onlyTheDecoderRefusesWhatASchemaCannotSay(_ example: ExampleFile) throws {
        try expectDiagnostics(example)
        #expect(try schema.violations(of: value(example)) == [])
    }

    @Test(arguments: try ExampleFile.all(in: examples + "malformed"))
    func malformedFilesAreRefusedBeforeAnySchema(_ example: ExampleFile) throws {
        try expectDiagnostics(example)
        #expect(Document(example.bytes, file: example.name).root == nil)
    }

    /// The files of `environments/` are what a user copies first.
    @Test(arguments: ["DEV", "STAGE", "LIVE"])
    func shippedEnvironmentsAreComplete(name: String) throws {
        let example = try ExampleFile.at(projectFolder() + "/environments/\(name).yaml")
        let environment = try EnvironmentSettings.parse(example.bytes, file: example.name, expecting: name)
            .resolve(name: name)
        #expect(environment.branch.description == name)
        #expect(environment.namespace == "shop-" + name.lowercased())
        #expect(environment.channels == (name == "LIVE" ? [.release] : [.rc, .release]))
        #expect(try schema.violations(of: value(example)) == [])
    }

    /// Schema, decoder and `--help` know the same settings.
    @Test func theSchemaHasEverySettingAndNoOther() {
        let keys = EnvironmentSetting.allCases.compactMap(\.key)
        let sections = keys.compactMap { $0.contains(".") ? String($0.prefix { $0 != "." }) : nil }
        #expect(schema.propertyNames == Set(keys + sections + ["environment"]))
    }

    /// No diagnostic of an example may show the secret that the examples hold.
    private func expectDiagnostics(_ example: ExampleFile) throws {
        let error = try #require(throws: Refused.self) {
            try EnvironmentSettings.parse(example.bytes, file: example.name)
        }
        if let mismatch = try example.mismatch(with: error.description) { Issue.record("\(mismatch)") }
        #expect(!"\(error.diagnostics)".contains("hunter2"))
    }

    private func value(_ example: ExampleFile) throws -> JSONValue {
        JSONValue(try #require(Document(example.bytes, file: example.name).root))
    }
}
