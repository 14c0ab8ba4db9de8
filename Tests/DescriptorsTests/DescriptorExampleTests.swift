import Descriptors
import Documents
import TestExamples
import Testing

private let examples = projectFolder() + "/Tests/DescriptorsTests/Examples/"

/// The same example files against the parser and against docs/schema/deploy-descriptor.schema.json, so that the two cannot
/// drift apart.
@Suite struct DescriptorExampleTests {
    let schema: JSONSchema

    init() throws {
        schema = try JSONSchema(file: projectFolder() + "/docs/schema/deploy-descriptor.schema.json")
    }

    @Test(arguments: try ExampleFile.all(in: examples + "valid"))
    func parserAndSchemaAcceptWhatIsValid(_ example: ExampleFile) throws {
        let descriptor = try Descriptor.parse(example.bytes, file: example.name)
        #expect(descriptor.warnings.map(\.code) == (descriptor.apps.isEmpty ? ["no-apps"] : []))
        #expect(try schema.violations(of: value(example)) == [])
    }

    @Test(arguments: try ExampleFile.all(in: examples + "invalid"))
    func parserAndSchemaRefuseWhatIsInvalid(_ example: ExampleFile) throws {
        try expectDiagnostics(example)
        #expect(try !schema.violations(of: value(example)).isEmpty)
    }

    /// What JSON Schema cannot say: unique names, the order of apps, ranges of numbers in text, and YAML's own rules.
    @Test(arguments: try ExampleFile.all(in: examples + "beyond-schema"))
    func onlyTheParserRefusesWhatASchemaCannotSay(_ example: ExampleFile) throws {
        try expectDiagnostics(example)
        #expect(try schema.violations(of: value(example)) == [])
    }

    /// Files that hold no value at all, so that there is nothing a schema could look at.
    @Test(arguments: try ExampleFile.all(in: examples + "malformed"))
    func malformedFilesAreRefusedBeforeAnySchema(_ example: ExampleFile) throws {
        try expectDiagnostics(example)
        #expect(Document(example.bytes, file: example.name).root == nil)
    }

    /// The files of `environments/` are what a user copies first.
    @Test(arguments: ["DEV", "STAGE", "LIVE"])
    func shippedDescriptorsAreGood(environment: String) throws {
        let path = projectFolder() + "/environments/descriptors/\(environment)/deploy-descriptor.yaml"
        let example = try ExampleFile.at(path)
        #expect(try Descriptor.parse(example.bytes, file: example.name).apps.count == 2)
        #expect(try schema.violations(of: value(example)) == [])
    }

    private func expectDiagnostics(_ example: ExampleFile) throws {
        let error = try #require(throws: Refused.self) {
            try Descriptor.parse(example.bytes, file: example.name)
        }
        if let mismatch = try example.mismatch(with: error.description) { Issue.record("\(mismatch)") }
    }

    private func value(_ example: ExampleFile) throws -> JSONValue {
        JSONValue(try #require(Document(example.bytes, file: example.name).root))
    }
}
