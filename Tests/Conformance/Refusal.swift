import Sandbox
import Testing

/// Records an issue where the answer is not a `Status` with this code and reason.
func expectRefusal(
    _ answer: APIClient.Answer, _ code: Int, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(answer.status == code, "\(answer.text)", sourceLocation: sourceLocation)
    #expect(answer.reason == reason, "\(answer.text)", sourceLocation: sourceLocation)
    #expect(answer.object["kind"] == "Status", sourceLocation: sourceLocation)
    #expect(answer.object["status"] == "Failure", sourceLocation: sourceLocation)
    #expect(answer.object["code"]?.integer == code, sourceLocation: sourceLocation)
}
