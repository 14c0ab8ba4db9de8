import NIOHTTP1
import Testing

@testable import Serving

/// Probes, version and metrics.
@Suite struct PageTests {
    @Test func probes() async throws {
        try await ServingScene.run(readiness: Readiness(isReady: true, reasons: [])) { scene in
            let health = try await scene.get("/healthz")
            #expect(health.status == 200 && health.body == "ok\n")
            let ready = try await scene.get("/readyz?verbose")
            #expect(ready.status == 200 && ready.body == "{\"ready\":true,\"reasons\":[]}\n")
            #expect(try await scene.get("/version").body == "{\"version\":\"1.2.3\"}\n")
        }
    }

    @Test("What is not ready says why, and is alive all the same")
    func notReady() async throws {
        let readiness = Readiness(isReady: false, reasons: ["LIVE.yaml is refused: \"x\""])
        try await ServingScene.run(readiness: readiness) { scene in
            let ready = try await scene.get("/readyz")
            #expect(ready.status == 503)
            #expect(ready.body == #"{"ready":false,"reasons":["LIVE.yaml is refused: \"x\""]}"# + "\n")
            #expect(try await scene.get("/healthz").status == 200)
        }
    }

    @Test("What there is not is told in few words, and what can only be read takes no other method")
    func refusals() async throws {
        try await ServingScene.run { scene in
            for path in ["/", "/metrics/", "/..%2fmetrics", "/healthz/x", "//healthz", "/Version"] {
                let answer = try await scene.get(path)
                #expect(answer.status == 404)
                #expect(answer.body == "{\"error\":\"not-found\"}\n")
                #expect(answer.headers["server"].isEmpty)
            }
            for path in ["/metrics", "/healthz", "/readyz", "/version"] {
                let answer = try await scene.post(path, [0x7b, 0x7d])
                #expect(answer.status == 405)
                #expect(answer.headers.first(name: "Allow") == "GET, HEAD")
                let head = try await scene.get(path, method: .HEAD)
                #expect(head.status == 200 && head.body == "")
                #expect(head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0 > 0)
            }
        }
    }

    @Test("Metrics are in Prometheus' text format")
    func metrics() async throws {
        try await ServingScene.run { scene in
            let answer = try await scene.get("/metrics")
            #expect(answer.headers.first(name: "Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.body.contains("\ndescry_build_info{version=\"1.2.3\"} 1\n"))
        }
    }
}
