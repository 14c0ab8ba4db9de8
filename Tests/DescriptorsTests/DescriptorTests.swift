import Descriptors
import Documents
import Testing
import Workloads

@Suite struct DescriptorTests {
    static let version = "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343"

    @Test func theMinimumGetsItsDefaults() throws {
        let app = try #require(parse("apps:\n  - name: backend\n    version: \(Self.version)\n").apps.first)
        #expect(app.key == WorkloadKey(kind: .statefulSet, name: "backend"))
        #expect(app.version.text == Self.version)
        #expect(app.containers == nil && app.image == nil && app.timeout == nil && app.after.isEmpty)
        #expect(app.health == nil)
        #expect(app.position == Position(line: 2, column: 11, offset: 16))
    }

    @Test func everyFieldIsRead() throws {
        let descriptor = try parse(
            """
            apps:
              - {name: a, version: \(Self.version), kind: DaemonSet, container: main, image: x.io/a, timeout: 90s, after: [b]}
              - {name: b, version: "\(Self.version)", container: [main, init], strategy: {canary: {pods: 2, hold: 5m}},
                 health: {path: "/health?full=%20yes", port: 8080, expect: all good, for: 30s}}
              - {name: c, version: "\(Self.version)", kind: Deployment, strategy: {canary: {hold: 24h}}, health: {path: /}}
            """)
        #expect(descriptor.apps.map(\.kind) == [.daemonSet, .statefulSet, .deployment])
        #expect(descriptor.apps.map(\.containers) == [["main"], ["main", "init"], nil])
        #expect(descriptor.apps.map(\.image) == ["x.io/a", nil, nil])
        #expect(descriptor.apps.map(\.timeout) == [.seconds(90), nil, nil])
        #expect(descriptor.apps.map(\.after) == [["b"], [], []])
        #expect(
            descriptor.apps.map(\.canary) == [
                nil, Canary(pods: 2, hold: .seconds(300)), Canary(pods: 1, hold: .seconds(86400)),
            ])
        #expect(
            descriptor.apps.map(\.canaryKey) == [nil, nil, WorkloadKey(kind: .deployment, name: "c-canary")])
        #expect(
            descriptor.apps.map(\.health) == [
                nil, HealthCheck(path: "/health?full=%20yes", port: 8080, expect: "all good", for: .seconds(30)),
                HealthCheck(path: "/"),
            ])
    }

    /// An image without a host never means Docker Hub.
    @Test(arguments: [
        ("", "nexus:5000/shop/backend"), ("image: other", "nexus:5000/shop/other"),
        ("image: team/other", "nexus:5000/shop/team/other"), ("image: x.io/a", "x.io/a"),
        ("image: localhost/a", "localhost/a"),
    ])
    func imagesLieUnderTheRegistryUnlessTheyNameTheirOwn(line: String, repository: String) throws {
        let app = try #require(
            parse("apps:\n  - name: backend\n    version: \(Self.version)\n    \(line)\n").apps.first)
        #expect(app.repository(registry: "nexus:5000/shop") == repository)
    }

    /// What `descry set` will replace: exactly the version's value.
    @Test(arguments: ["\n", "\r\n"], ["", "\"", "'"])
    func theVersionsBytesAreExact(newline: String, quote: String) throws {
        let text = [
            "\u{FEFF}# ü 😀", "apps:", "  - name: backend # é", "    version: \(quote)\(Self.version)\(quote) # 尺", "",
        ]
        let bytes = Array(text.joined(separator: newline).utf8)
        let app = try #require(Descriptor.parse(bytes, file: "f").apps.first)
        let range = app.versionPosition.offset..<app.versionEnd.offset
        #expect(String(decoding: bytes[range], as: UTF8.self) == quote + Self.version + quote)
        #expect(app.versionPosition.line == 4 && app.versionPosition.column == 14)
    }

    /// 500 apps with one slip: the whole descriptor is refused, with one error at its place.
    @Test func oneBadAppRefusesAll() throws {
        let apps = (0..<500).map { "  - name: app-\($0)\n    \($0 == 321 ? "verison" : "version"): \(Self.version)\n" }
        let error = try #require(throws: Refused.self) { try parse("apps:\n" + apps.joined()) }
        #expect(error.diagnostics.map(\.code) == ["missing-field", "unknown-field"])
        #expect(error.diagnostics.map(\.position?.line) == [644, 645])
    }

    /// Neither a chain nor one great cycle may take more than linear time or any recursion.
    @Test(arguments: [true, false])
    func longChainsAreOrdered(isClosed: Bool) throws {
        let count = 5_000
        let apps = (0..<count).map { index in
            let next = index + 1 < count ? "[a\(index + 1)]" : "[a0]"
            let after = index + 1 < count || isClosed ? "\n    after: \(next)" : ""
            return "  - name: a\(index)\n    version: \(Self.version)\(after)\n"
        }
        let text = "apps:\n" + apps.joined()
        if isClosed {
            let error = try #require(throws: Refused.self) { try parse(text) }
            #expect(error.diagnostics.map(\.code) == ["after-cycle"])
            #expect(error.diagnostics.first?.message.hasSuffix("a4998 → a4999 → a0") == true)
        } else {
            #expect(try parse(text).apps.count == count)
        }
    }

    private func parse(_ text: String) throws -> Descriptor {
        try Descriptor.parse(Array(text.utf8), file: "deploy-descriptor.yaml")
    }
}
