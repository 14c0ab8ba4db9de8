import FoundationEssentials
import Testing

@testable import Kubernetes

/// `Status` objects as Kubernetes 1.20 answered them. What is decided comes from codes, reasons and fields, never from texts.
@Suite struct StatusErrorTests {
    private static let purpose = APIRequest.Purpose(
        verb: "patch", resource: "statefulsets.apps", name: "a", namespace: "shop")

    private func error(_ status: Int, _ body: String) throws -> KubernetesError {
        .answered(
            status: status, object: try JSONDecoder().decode(StatusObject.self, from: Data(body.utf8)),
            purpose: Self.purpose)
    }

    @Test func aFieldConflictNamesManagersAndFields() throws {
        let error = try error(
            409,
            #"{"kind":"Status","code":409,"reason":"Conflict","message":"Apply failed with 3 conflicts","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"kubectl-create\" using apps/v1","field":".spec.updateStrategy.type"},{"reason":"FieldManagerConflict","message":"conflict with \"helm\" using apps/v1","field":".spec.template.spec.containers[name=\"m\"].image"},{"reason":"FieldManagerConflict","message":"conflict with \"helm\" using apps/v1","field":".x"}]}}"#
        )
        #expect(error.code == "field-conflict")
        #expect(error.fieldManagers == ["kubectl-create", "helm"])
        #expect(
            error.fieldConflicts.map(\.field) == [
                ".spec.updateStrategy.type", #".spec.template.spec.containers[name="m"].image"#, ".x",
            ])
    }

    /// The same status for three different things, and two statuses for one.
    @Test(arguments: [
        (409, #"{"reason":"Conflict","details":{"name":"nope","group":"apps","kind":"statefulsets"}}"#, "conflict"),
        (409, #"{"reason":"AlreadyExists"}"#, "already-exists"),
        (
            422, #"{"reason":"Invalid","details":{"causes":[{"reason":"FieldValueInvalid","field":"metadata.uid"}]}}"#,
            "replaced"
        ),
        (
            422, #"{"reason":"Invalid","details":{"causes":[{"reason":"FieldValueInvalid","field":"spec.selector"}]}}"#,
            "invalid"
        ),
        (
            422, #"{"reason":"Invalid","details":{"causes":[{"field":"metadata.uid"},{"field":"spec.selector"}]}}"#,
            "invalid"
        ),
        (422, "{}", "invalid"), (500, "{}", "server-error"), (504, "{}", "server-timeout"), (418, "{}", "bad-request"),
    ])
    func codes(status: Int, body: String, code: String) throws {
        #expect(try error(status, body).code == code)
    }

    @Test func aRefusalSaysWhatIsMissingAndHowToGrantIt() throws {
        let error = try error(403, #"{"reason":"Forbidden","message":"User \"x\" cannot patch"}"#)
        #expect(error.message.contains(#"patch statefulsets.apps "a" in namespace shop"#))
        #expect(error.hint?.contains("descry rbac") == true)
        #expect(error.reason == "Forbidden")
    }

    @Test func theServersOwnPauseIsKept() throws {
        #expect(try error(429, #"{"details":{"retryAfterSeconds":3}}"#).retryAfter == .seconds(3))
        #expect(try error(429, "{}").retryAfter == nil)
    }
}
