import FoundationEssentials
import NIOHTTP1
import Workloads

extension KubernetesClient {
    /// The field manager under which Descry owns fields.
    public static let fieldManager = "descry"

    /// Applies the patch on the server (server-side apply) and gives the workload as it is afterwards.
    ///
    /// - Parameters:
    ///   - force: takes over fields that another manager owns. Without it they are refused with code `field-conflict`, which
    ///     names the managers and fields.
    ///   - dryRun: everything but the storing: validation, admission and conflicts are those of a real apply.
    /// - Throws: code `field-conflict`; `conflict` where the workload changed since it was observed or another one has taken
    ///   its name, or it is gone; `invalid`; `forbidden`.
    public func apply(
        _ patch: WorkloadPatch, namespace: String, force: Bool = false, dryRun: Bool = false
    ) async throws -> Workload {
        guard !patch.uid.isEmpty else {
            // The uid is what keeps the API server from creating the object, so it is not left to the caller's care.
            throw KubernetesError(
                code: "missing-uid", category: .internal, message: "A patch of \(patch.key) carries no uid.")
        }
        let resource = Resource(patch.key.kind)
        var query: [(name: String, value: String)] = [
            ("fieldManager", Self.fieldManager), ("force", "\(force)"), ("fieldValidation", "Strict"),
        ]
        if dryRun { query.append(("dryRun", "All")) }
        let request = APIRequest(
            method: .PATCH, path: resource.path(namespace: namespace, name: patch.key.name), query: query,
            body: try ApplyBody(patch).encoded(), contentType: "application/apply-patch+yaml",
            purpose: resource.purpose("patch", patch.key.name, namespace))
        let answer = try await send(request)
        return switch patch.key.kind {
        case .statefulSet: try decode(StatefulSetObject.self, answer, request.purpose).value()
        case .deployment: try decode(DeploymentObject.self, answer, request.purpose).value()
        case .daemonSet: try decode(DaemonSetObject.self, answer, request.purpose).value()
        }
    }
}
