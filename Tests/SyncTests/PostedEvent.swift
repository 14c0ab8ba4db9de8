import FoundationEssentials
import Sandbox
import Scenes

@testable import Kubernetes

/// An event as the API server has it.
struct PostedEvent: Decodable, Sendable {
    struct Reference: Decodable, Sendable { var name: String, uid: String }
    var reason: String
    var message: String
    var type: String
    var involvedObject: Reference
}

extension SandboxScene {
    /// The events that Descry has posted.
    func events() async throws -> [PostedEvent] {
        struct List: Decodable { var items: [PostedEvent] }
        return try await withCluster(sandbox.administrator, .seconds(30)) { cluster in
            let request = APIRequest(
                path: "/api/v1/namespaces/shop/events", query: [("fieldSelector", "source=descry")],
                purpose: .init(verb: "list", resource: "events"))
            return try JSONDecoder().decode(List.self, from: try await cluster.send(request)).items
        }
    }
}
