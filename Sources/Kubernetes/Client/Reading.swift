import FoundationEssentials

/// One page of a list.
struct ListPage<Object: Decodable & Sendable>: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var resourceVersion: String?
        var `continue`: String?
    }

    var metadata: Metadata?
    var items: [Object]?
}

extension KubernetesClient {
    /// A list whose `continue` token expires so often cannot be finished.
    private static let listRestarts = 3

    /// Page by page, so that no more than one page is in memory in its decoded form. A `continue` token that the server has
    /// forgotten (410) starts the list again.
    func list<Object: ClusterObject>(_ type: Object.Type, _ scope: ListScope) async throws -> ResourceList<Object.Value>
    {
        var restarts = 0
        while true {
            do {
                return try await listOnce(type, scope)
            } catch let error as KubernetesError where error.status == 410 && restarts < Self.listRestarts {
                restarts += 1
            }
        }
    }

    private func listOnce<Object: ClusterObject>(
        _ type: Object.Type, _ scope: ListScope
    ) async throws -> ResourceList<Object.Value> {
        var list = ResourceList<Object.Value>(items: [], resourceVersion: "")
        var token: String?
        repeat {
            var query = [(name: "limit", value: "\(transport.options.pageSize)")]
            if let token { query.append(("continue", token)) }
            let request = scope.request("list", query)
            let page = try decode(
                ListPage<Object>.self, try await send(request), request.purpose)
            list.items += (page.items ?? []).map { $0.value() }
            list.resourceVersion = page.metadata?.resourceVersion ?? list.resourceVersion
            token = page.metadata?.continue.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil
        return list
    }

    func get<Object: ClusterObject>(
        _ type: Object.Type, _ resource: Resource, _ name: String, _ namespace: String
    ) async throws -> Object.Value? {
        let purpose = resource.purpose("get", name, namespace)
        let request = APIRequest(path: resource.path(namespace: namespace, name: name), purpose: purpose)
        do {
            return try decode(type, try await send(request), purpose).value()
        } catch let error as KubernetesError where error.code == "not-found" {
            return nil
        }
    }

    func decode<Value: Decodable>(
        _ type: Value.Type, _ data: Data, _ purpose: APIRequest.Purpose
    ) throws(KubernetesError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw .undecodable(purpose, error)
        }
    }
}
