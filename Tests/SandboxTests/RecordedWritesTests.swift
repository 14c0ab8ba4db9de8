import FoundationEssentials
import Testing

@testable import Sandbox

/// The writer answers as the real API server did: every case of `scripts/record-writes`, step by step.
@Suite struct RecordedWritesTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Step: Decodable, Sendable {
            var `do`: String
            var body: JSONValue
            var manager: String?
            var force: Bool?
            var dryRun: Bool?
            var subresource: String?
            var answer: [String: JSONValue]
        }

        var name: String
        var kind: String
        var steps: [Step]
        var testDescription: String { name }

        static let all: Result<[Case], any Error> = Result {
            let file = #filePath.replacing("RecordedWritesTests.swift", with: "Recorded/writes.json")
            return try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(filePath: file)))
        }
    }

    @Test func `all cases are there`() throws {
        #expect(try Case.all.get().count >= 89)
    }

    @Test(arguments: (try? Case.all.get()) ?? [])  // what keeps them from being read fails the test above
    func `answers as recorded`(_ recorded: Case) throws {
        let store = ObjectStore()
        try store.create(ObjectKey(resource: .namespaces, namespace: "", name: "write-recorded"), [:])
        let writer = Writer(store: store)
        let resource = try #require(APIResource.all.first { $0.plural == recorded.kind })
        let name = recorded.kind == "deployments" ? "front" : "web"
        let key = ObjectKey(resource: resource, namespace: "write-recorded", name: name)
        var uid = ""
        for (number, step) in recorded.steps.enumerated() {
            let answer = try answer(to: step, of: key, from: writer)
            if uid.isEmpty { uid = answer.object["metadata", "uid"]?.string ?? "" }
            let expected = JSONValue.object(step.answer)
            var seen: JSONValue = ["code": .integer(Int64(answer.code))]
            let fields = answer.code >= 400 ? ["reason", "message", "details"] : looks(recorded)
            for field in fields {
                let value = field.split(separator: ".").reduce(Optional(answer.object)) { $0?[String($1)] }
                seen[field] = value.map { Self.cleaned($0, uid) }
            }
            // As the recorder leaves them out.
            for field in fields where seen[field] == .object([:]) { seen[field] = nil }
            #expect(Self.sorted(seen) == Self.sorted(expected), "step \(number): \(step.do)")
        }
    }

    /// What the case looks at: what was recorded of any of its steps.
    private func looks(_ recorded: Case) -> [String] {
        let statuses: Set<String> = ["code", "reason", "message"]
        return Array(
            Set(recorded.steps.filter { $0.answer["reason"] == nil }.flatMap(\.answer.keys)).subtracting(statuses))
    }

    private func answer(
        to step: Case.Step, of key: ObjectKey, from writer: Writer
    ) throws -> (code: Int, object: JSONValue) {
        let operations: [String: WriteRequest.Operation] = [
            "create": .create, "update": .update, "merge": .patch(.merge), "strategic": .patch(.strategic),
            "apply": .patch(.apply), "json": .patch(.json),
        ]
        do {
            if step.do == "delete" {
                return (200, try writer.delete(key, options: step.body, dryRun: step.dryRun ?? false))
            }
            let operation = try #require(operations[step.do])
            let manager = step.manager ?? (step.do == "apply" ? "" : "unknown")
            let request = WriteRequest(
                operation: operation, key: key, body: step.body, subresource: step.subresource, fieldManager: manager,
                force: step.force ?? false, dryRun: step.dryRun ?? false)
            let (object, isNew) = try writer.perform(request)
            return (isNew ? 201 : 200, object)
        } catch let error as StatusError {
            return (error.code, error.object)
        }
    }

    /// Without what differs from run to run, as the recorder cleans it.
    private static func cleaned(_ value: JSONValue, _ uid: String) -> JSONValue {
        switch value {
        case .object(let fields):
            let varying: Set<String> = ["time", "uid", "resourceVersion"]
            return .object(fields.filter { !varying.contains($0.key) }.mapValues { cleaned($0, uid) })
        case .array(let items): return .array(items.map { cleaned($0, uid) })
        case .string(let text):
            let version = /in record \(\d+\)/
            let plain = uid.isEmpty ? text : text.replacing(uid, with: "UID")
            return .string(plain.replacing(version, with: "in record (VERSION)"))
        default: return value
        }
    }

    /// Managers of one second are sorted by name, so their order depends on when the second ended; the API server names the
    /// causes of several managers in no order.
    private static func sorted(_ answer: JSONValue) -> JSONValue {
        var answer = answer
        if let managers = answer["metadata.managedFields"]?.array {
            answer["metadata.managedFields"] = .array(
                managers.sorted { text($0, "operation", "manager") < text($1, "operation", "manager") })
        }
        if let causes = answer["details", "causes"]?.array {
            answer["details", "causes"] = .array(
                causes.sorted { text($0, "field", "message") < text($1, "field", "message") })
        }
        return answer
    }

    private static func text(_ value: JSONValue, _ fields: String...) -> String {
        fields.map { value[$0]?.string ?? "" }.joined(separator: " ")
    }
}
