import Testing

@testable import Sandbox

/// A value of the wrong type is refused with the code that the real API server gives, which differs by kind of write.
@Suite struct FieldTypesTests {
    private let store = ObjectStore()
    private let key = ObjectKey(resource: .configMaps, namespace: "shop", name: "a")

    /// Rows: codes and reasons as recorded of 1.20.
    @Test(
        arguments: [
            (.create, 400, "BadRequest"), (.update, 400, "BadRequest"), (.patch(.merge), 422, "Invalid"),
            (.patch(.strategic), 422, "Invalid"), (.patch(.apply), 500, ""),
        ] as [(WriteRequest.Operation, Int, String)])
    func `the code is that of the write`(_ operation: WriteRequest.Operation, _ code: Int, _ reason: String) throws {
        try store.create(ObjectKey(resource: .namespaces, namespace: "", name: "shop"), [:])
        if operation != .create { try store.create(key, [:]) }
        let body: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a", "annotations": ["replicas": 1]],
        ]
        let request = WriteRequest(operation: operation, key: key, body: body, fieldManager: "m", force: true)
        let refusal = #expect(throws: StatusError.self) { try Writer(store: store).perform(request) }
        #expect(refusal?.code == code)
        #expect(refusal?.reason == reason)
        #expect(refusal?.message.contains(".metadata.annotations: expected an object of strings") == true)
    }

    @Test(
        arguments: [
            (["spec": ["replicas": "three"]], ".spec.replicas: expected an integer"),
            (
                ["spec": ["template": ["spec": ["containers": [["name": "a"], ["name": 1]]]]]],
                ".spec.template.spec.containers[1].name: expected a string"
            ),
            (["spec": ["template": ["spec": ["containers": [:]]]]], ".spec.template.spec.containers: expected a list"),
            (["spec": "x"], ".spec: expected an object"),
            (["metadata": ["annotations": ["replicas": "x", "spec": "y"]], "data": ["env": "1"]], nil),
            (["spec": ["selector": ["env": "x"]], "status": ["conditions": [["status": "True"]]]], nil),
        ] as [(JSONValue, String?)])
    func `the field is named`(_ object: JSONValue, _ expected: String?) {
        #expect(FieldTypes.firstMismatch(in: object) == expected)
    }
}
