import HTTPTypes
import Hummingbird

/// `GET pods/[SCHEME:]NAME[:PORT]/proxy/PATH`: what a pod answers by HTTP.
///
/// A container that runs listens on the ports that it declares, or where its pod declares none, on every port. It answers any path
/// alike: it is healthy, unless its fate is `sick`.
struct PodProxy {
    let store: ObjectStore

    func response(_ asked: APIRequest, _ action: Action) throws -> Response {
        guard asked.method == "GET" else { throw StatusError.notImplemented("pods/proxy by \(asked.method)") }
        if asked.path.hasSuffix("/proxy") {
            return Response(status: .movedPermanently, headers: [.location: asked.path + "/"])
        }
        let target = try Target(action.name)
        let key = ObjectKey(resource: .pods, namespace: action.namespace, name: target.name)
        guard let pod = store[key] else { throw StatusError.notFound(key) }
        guard let address = pod["status", "podIP"]?.string else { throw StatusError.badRequest("address not allowed") }
        let port = target.port ?? Self.declaredPorts(pod["spec", "containers"]?.array ?? []).first ?? 80
        let listening = Self.containers(of: pod, listeningOn: port)
        guard !listening.isEmpty else {
            throw StatusError.unreachable("dial tcp \(address):\(port): connect: connection refused")
        }
        guard !target.isTLS else {
            throw StatusError.unreachable("tls: first record does not look like a TLS handshake")
        }
        let isSick = listening.contains { Fate(of: $0, in: pod) == .sick }
        let body: JSONValue =
            isSick ? ["healthy": false, "reason": "no connection to the database"] : ["healthy": true]
        return try Answer.json(body, status: isSick ? .serviceUnavailable : .ok)
    }

    /// Source: `k8s.io/apimachinery/pkg/util/net/port_split.go`, SplitSchemeNamePort.
    private struct Target {
        var isTLS = false
        var name: String
        var port: Int?

        init(_ text: String) throws(StatusError) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let scheme = parts.count == 3 ? parts[0] : ""
            name = parts.count == 3 ? parts[1] : parts[0]
            let portText = parts.count > 1 ? parts[parts.count - 1] : ""
            port = Int(portText)
            isTLS = scheme == "https"
            guard parts.count <= 3, !name.isEmpty, ["", "http", "https"].contains(scheme),
                portText.isEmpty || (0...65535).contains(port ?? -1)
            else { throw .badRequest("invalid pod request \"\(text)\"") }
        }
    }

    private static func declaredPorts(_ containers: [JSONValue]) -> [Int] {
        containers.flatMap { $0["ports"]?.array ?? [] }.compactMap { $0["containerPort"]?.integer }
    }

    private static func containers(of pod: JSONValue, listeningOn port: Int) -> [JSONValue] {
        let all = pod["spec", "containers"]?.array ?? []
        let isOpen = declaredPorts(all).isEmpty
        let statuses = pod["status", "containerStatuses"]?.array ?? []
        return all.filter { container in
            let status = statuses.first { $0["name"] == container["name"] }
            return status?["state", "running"] != nil && (isOpen || declaredPorts([container]).contains(port))
        }
    }
}

extension StatusError {
    /// Source of the wording: `k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go`. 1.20 says 500, later versions 503.
    fileprivate static func unreachable(_ why: String) -> StatusError {
        StatusError(code: 500, reason: "", message: "error trying to reach service: \(why)")
    }
}
