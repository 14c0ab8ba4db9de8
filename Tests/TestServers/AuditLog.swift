import FoundationEssentials

/// One answered request, from the API server's audit log.
public struct AuditedRequest: Sendable, Hashable, Decodable {
    public struct Object: Sendable, Hashable, Decodable {
        public var resource: String
        public var namespace: String?
        public var name: String?
        public var subresource: String?
    }
    public struct User: Sendable, Hashable, Decodable {
        /// Nil where the API server did not know who asked.
        public var username: String?
    }
    public struct Status: Sendable, Hashable, Decodable {
        public var code: Int?
    }

    public var auditID: String
    /// `ResponseStarted` (a watch that began) or `ResponseComplete`.
    public var stage: String
    public var verb: String
    /// With its query: `dryRun=All`, `fieldManager`, `limit` …
    public var requestURI: String
    public var user: User
    public var userAgent: String?
    public var objectRef: Object?
    public var responseStatus: Status?

    /// Would have changed something, had it not been refused or a dry run.
    public var isWrite: Bool { ["create", "update", "patch", "delete", "deletecollection"].contains(verb) }
    public var isDryRun: Bool { requestURI.contains("dryRun=All") }
}

extension TestNamespace {
    /// Every request in this namespace that was answered by now, in the order of the answers; of one account where given.
    ///
    /// To know that the log is complete, the test asks for something itself and reads until that request appears.
    public func requests(by account: TestAccount? = nil) async throws -> [AuditedRequest] {
        let marker = "marker-\(UUID().uuidString.lowercased())"
        try await kubectl(["get", "configmap", marker, "--ignore-not-found"])
        for _ in 0..<Self.readings {
            let lines = try await lines()
            guard lines.contains(where: { $0.contains(marker) }) else { continue }
            return try lines.filter { $0.contains("\"namespace\":\"\(name)\"") && !$0.contains(marker) }.map {
                try JSONDecoder().decode(AuditedRequest.self, from: Data($0.utf8))
            }.filter { account == nil || $0.user.username == account?.user }
        }
        throw Program.Failure(description: "the audit log does not tell of a request that was answered: \(marker)")
    }

    /// The API server writes a request down just before or after it is answered, so mostly the first reading has it all.
    private static let readings = 200

    /// The log's lines that name this namespace. Picked by grep: the log of a whole run is too long to be read again and
    /// again here.
    private func lines() async throws -> [Substring] {
        let log = "\(controlPlane.stateDirectory)/log/audit.log"
        return try await Program.run("grep", ["--fixed-strings", name, log]).split(separator: "\n")
    }

    /// The requests that wrote or tried to, dry runs left out: what must be empty where the input was refused. The lock is left
    /// out too: it is taken before the input is looked at.
    public func writes(by account: TestAccount) async throws -> [AuditedRequest] {
        try await requests(by: account).filter { $0.isWrite && !$0.isDryRun && $0.objectRef?.resource != "leases" }
    }
}
