import FoundationEssentials
import Testing

@testable import Kubernetes

/// Whose answer it is that comes back from the proxy to a pod: the pod's, whatever it says, or the API server's.
@Suite struct PodProxyTests {
    /// As the API server words what it says about pods by itself.
    private static func status(_ code: Int, _ reason: String, details: String = "") -> String {
        """
        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"words",\
        "reason":"\(reason)"\(details.isEmpty ? "" : ",\"details\":" + details),"code":\(code)}
        """
    }

    private static func answers(_ code: Int, _ body: String, headers: [String] = []) async throws -> PodAnswer {
        try await KubernetesClient.with(
            answer: { _, _ in [.answer(code, body, headers: headers)] }
        ) { client, _ in
            try await client.podProxy("web-0", port: 80, path: "/health", namespace: "shop")
        }
    }

    /// Every status is the pod's to use, with any body: also those that mean something when the API server says them.
    @Test(arguments: [
        (200, "ok"), (200, #"{"healthy":false}"#), (204, ""), (302, ""), (401, "login"), (403, "no"), (404, "no route"),
        (429, "later"), (500, "{"), (503, #"{"healthy":false}"#),
        // An app that speaks the API's language itself, about something else.
        (404, status(404, "NotFound", details: #"{"name":"other","kind":"pods"}"#)),
        (404, status(404, "NotFound", details: #"{"name":"web-0","kind":"services"}"#)),
        (404, status(404, "NotFound")), (403, status(403, "Forbidden")),
        // A success cannot be a refusal.
        (200, status(503, "ServiceUnavailable")), (200, status(200, "")),
    ])
    func isThePods(code: Int, body: String) async throws {
        let answer = try await Self.answers(code, body)
        #expect(answer == PodAnswer(status: code, body: Array(body.utf8)))
    }

    @Test(arguments: [
        (403, status(403, "Forbidden", details: #"{"name":"web-0:80","kind":"pods"}"#), "forbidden"),
        (404, status(404, "NotFound", details: #"{"name":"web-0","kind":"pods"}"#), "not-found"),
        (401, status(401, "Unauthorized"), "unauthorized"), (400, status(400, "BadRequest"), "bad-request"),
        (500, status(500, ""), "server-error"), (503, status(503, "ServiceUnavailable"), "server-error"),
    ])
    func isTheAPIServers(code: Int, body: String, expected: String) async throws {
        let error = try await kubernetesError { try await Self.answers(code, body) }
        #expect(error?.code == expected)
        #expect(error?.status == code)
        #expect(error?.message == "Could not get pods/proxy \"web-0\" in namespace shop: words.")
    }

    /// The probe asks again by itself, so one question is one request; a redirect is an answer like any other, and a pod's 401
    /// or 503 says nothing about the credential or the API server.
    @Test(arguments: [302, 401, 429, 503]) func asksOnce(code: Int) async throws {
        try await KubernetesClient.with(
            credential: .token(Secret("t0ken")),
            answer: { _, _ in [.answer(code, "", headers: ["Location: http://127.0.0.1:1/"])] }
        ) { client, server in
            _ = try await client.podProxy("web-0", port: nil, path: "/health?full=%20", namespace: "shop")
            #expect(server.requests.count == 1)
            let request = try #require(server.requests.first)
            #expect(request.line == "GET /api/v1/namespaces/shop/pods/web-0/proxy/health?full=%20 HTTP/1.1")
            #expect(request.header("Authorization") == "Bearer t0ken")
            #expect(request.header("Accept") == "application/json, */*;q=0.5")
            #expect(
                !client.transport.isPassing(.answered(status: 403, object: nil, purpose: .init(verb: "", resource: "")))
            )
        }
    }

    @Test func ofALongBodyOnlyTheBeginningIsRead() async throws {
        // The answer never ends, and need not.
        try await KubernetesClient.with(
            answer: { _, _ in [.stream, .chunk(String(repeating: "x", count: 5000))] }
        ) { client, server in
            let answer = try await client.podProxy("web-0", port: 80, path: "/", namespace: "shop", limit: 1000)
            #expect(answer == PodAnswer(status: 200, body: Array(repeating: UInt8(ascii: "x"), count: 1001)))
            await server.closed(1)
        }
    }

    @Test func aConnectionThatBreaksIsTheAPIServersFault() async throws {
        try await KubernetesClient.with(answer: { _, _ in [.close] }) { client, _ in
            let error = try await kubernetesError {
                try await client.podProxy("web-0", port: 80, path: "/", namespace: "shop")
            }
            #expect(error?.code == "connection-lost")
            #expect(error?.status == nil)
        }
    }

    /// While the API server starts it refuses what it permits a moment later: that must not be taken for a final no.
    @Test func aRefusalWhileTheAPIServerStartsIsNotFinal() async throws {
        let forbidden = Self.status(403, "Forbidden", details: #"{"name":"web-0","kind":"pods"}"#)
        try await KubernetesClient.with(
            answer: { number, _ in number == 0 ? [.close] : [.answer(403, forbidden)] }
        ) { client, _ in
            for expected in ["connection-lost", "starting-up"] {
                let error = try await kubernetesError {
                    try await client.podProxy("web-0", port: nil, path: "/", namespace: "shop")
                }
                #expect(error?.code == expected)
                #expect(error?.category == .unreachable)
                #expect(error?.status == nil)
            }
        }
    }
}
