import FoundationEssentials

/// The real Kubernetes control plane that `scripts/control-plane/with` started for this test run.
///
/// Its node is simulated by `fakekubelet.py`, and an image's tag decides what becomes of a pod: see `Fate`.
public struct ControlPlane: Sendable {
    /// What suites are enabled by; see `Requirement`.
    public static let requirement = Requirement("the Kubernetes API server", missing: missing)

    /// What tests are enabled by that have pods answer; see `podPort`.
    public static let answeringPods = Requirement(
        "pods that answer",
        missing: missing ?? (podPort == nil ? "no address for them on the loopback interface; `up` said why" : nil))

    /// The port at which every pod answers, where `up` could give the loopback interface an address that the API server's
    /// proxy takes.
    public static var podPort: Int? {
        let directory = ProcessInfo.processInfo.environment["DESCRY_TEST_CLUSTER"] ?? ""
        guard let bytes = FileManager.default.contents(atPath: "\(directory)/pods") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(separator: ":").last.flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// The state directory of `scripts/control-plane/up`; its head lists what is in it.
    public let stateDirectory: String
    /// `https://127.0.0.1:PORT`.
    public let server: String

    /// The control plane of this run. Throws where there is none.
    public static func shared() throws -> ControlPlane {
        try requirement.demand()
        let directory = ProcessInfo.processInfo.environment["DESCRY_TEST_CLUSTER"] ?? ""
        return try ControlPlane(stateDirectory: directory)
    }

    init(stateDirectory: String) throws {
        self.stateDirectory = stateDirectory
        let address = try String(contentsOfFile: "\(stateDirectory)/server", encoding: .utf8)
        server = String(address.prefix { !$0.isWhitespace })
    }

    /// Path of the certificate authority's PEM file.
    public var certificateAuthority: String { "\(stateDirectory)/ca.crt" }
    /// Path of the administrator's kubeconfig.
    public var kubeconfig: String { "\(stateDirectory)/admin.kubeconfig" }
    /// Path of the administrator's client certificate and its key, PEM.
    public var adminCertificate: String { "\(stateDirectory)/admin.crt" }
    public var adminKey: String { "\(stateDirectory)/admin.key" }

    private static var missing: String? {
        guard let directory = ProcessInfo.processInfo.environment["DESCRY_TEST_CLUSTER"] else {
            return "DESCRY_TEST_CLUSTER is not set; `make test-cluster` starts one"
        }
        guard FileManager.default.isReadableFile(atPath: "\(directory)/server") else {
            return "DESCRY_TEST_CLUSTER=\(directory) is no state directory of scripts/control-plane/up"
        }
        guard Requirement.program("kubectl") != nil else { return "no kubectl; install kubernetes-client" }
        guard Requirement.program("openssl") != nil else { return "no openssl; install openssl" }
        return nil
    }

    /// Runs `kubectl` as the administrator and returns its standard output. Throws with its standard error where it fails.
    @discardableResult
    public func kubectl(_ arguments: [String], input: String = "") async throws -> String {
        try await Program.run("kubectl", access + arguments, input: Array(input.utf8))
    }

    /// Runs a `kubectl` that would not end by itself (`--watch`) up to the first line of output that matches, and
    /// returns the lines.
    public func kubectl(_ arguments: [String], until isLast: (String) -> Bool) async throws -> [String] {
        try await Program.lines("kubectl", access + arguments, until: isLast)
    }

    private var access: [String] { ["--kubeconfig=\(kubeconfig)", "--cache-dir=\(stateDirectory)/kubectl-cache"] }

    /// Stops one process of the control plane, waits and starts it again: `kube-apiserver`, `etcd`,
    /// `kube-controller-manager` or `fakekubelet`. The suites share the control plane, so this interrupts all of them:
    /// use it in a namespace that has the control plane alone.
    public func bounce(_ process: String, seconds: Int = 1) async throws {
        try await run("bounce", process, seconds)
    }

    /// Lets one process of the control plane stand still for a while: it keeps its connections and answers nobody. Otherwise as ``bounce``.
    public func freeze(_ process: String, seconds: Int) async throws { try await run("freeze", process, seconds) }

    private func run(_ name: String, _ process: String, _ seconds: Int) async throws {
        let script = #filePath.replacing("Tests/TestServers/ControlPlane.swift", with: "scripts/control-plane/\(name)")
        try await Program.run(script, [stateDirectory, process, String(seconds)])
    }

    /// Runs the body with a new namespace, and asks for its deletion afterwards without waiting for it.
    ///
    /// Only so many tests have one at the same time, so that none has to wait long for a control plane that works for all
    /// the others too.
    ///
    /// - Parameter alone: waits until no other test of this process has a namespace, and lets none get one meanwhile:
    ///   for what would interrupt them.
    public func withNamespace<Result: Sendable>(
        _ prefix: String = "test", alone: Bool = false, _ body: (TestNamespace) async throws -> Result
    ) async throws -> Result {
        // A test that wants a second namespace has its turn already.
        if Self.hasTurn { return try await namespace(prefix, body) }
        await Self.turns.enter(alone: alone)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await Self.$hasTurn.withValue(true) { try await namespace(prefix, body) })
        } catch {
            outcome = .failure(error)
        }
        await Self.turns.leave(alone: alone)
        return try outcome.get()
    }

    private func namespace<Result: Sendable>(
        _ prefix: String, _ body: (TestNamespace) async throws -> Result
    ) async throws -> Result {
        let name = "\(prefix)-\(UUID().uuidString.lowercased().prefix(13))"
        try await kubectl(["create", "namespace", name])
        let namespace = TestNamespace(controlPlane: self, name: name)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(namespace)) } catch { outcome = .failure(error) }
        // A test may have deleted it.
        try await kubectl(["delete", "namespace", name, "--wait=false", "--ignore-not-found"])
        return try outcome.get()
    }

    @TaskLocal private static var hasTurn = false
    private static let turns = Turns(width: 12)
}
