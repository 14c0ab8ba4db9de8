import FoundationEssentials

/// What `descry plan` and `apply` print with `-o json`, as far as tests look at it. A field that is missing, or of another
/// type, fails the test: its form is a public contract.
public struct ReportedPass: Decodable, Sendable {
    public struct Commit: Decodable, Sendable {
        public var id: String
        public var author: String
        public var subject: String
    }
    public struct App: Decodable, Sendable {
        public struct Change: Decodable, Sendable {
            public var field: String
            public var from: String?
            public var to: String
            public var reason: String
        }
        public struct Failure: Decodable, Sendable {
            public var code: String
            public var message: String
            public var hint: String?
            public var pod: String?
            public var container: String?
            public var reason: String?
        }
        public struct Rollback: Decodable, Sendable {
            public var outcome: String
            public var to: String?
            public var failure: Failure?
            public var seconds: Double
        }
        public struct Pods: Decodable, Sendable, Equatable {
            public var replicas: Int
            public var updated: Int
            public var ready: Int

            public init(replicas: Int, updated: Int, ready: Int) {
                self.replicas = replicas
                self.updated = updated
                self.ready = ready
            }
        }

        public var app: String
        public var workload: String
        public var outcome: String
        public var from: String?
        public var to: String
        public var wave: Int?
        public var changes: [Change]
        public var notes: [String]
        public var failure: Failure?
        public var rollback: Rollback?
        public var pods: Pods?
        public var running: [String]?
        public var seconds: Double?
    }

    public var command: String
    public var environment: String
    public var namespace: String
    public var repository: String
    public var branch: String
    public var commit: Commit?
    public var outcome: String
    public var apps: [App]
    public var notes: [String]

    public subscript(app: String) -> App? { apps.first { $0.app == app } }

    /// The outcome of each app, by its name.
    public var outcomes: [String: String] {
        Dictionary(apps.map { ($0.app, $0.outcome) }, uniquingKeysWith: { first, _ in first })
    }
}

/// What every command prints with `-o json` where it ends early.
public struct ReportedError: Decodable, Sendable {
    public struct Words: Decodable, Sendable {
        public var code: String
        public var message: String
        public var hint: String?
    }
    public struct Diagnostic: Decodable, Sendable {
        public var severity: String
        public var code: String
        public var message: String
        public var file: String
        public var line: Int?
        public var column: Int?
    }

    public var error: Words
    public var diagnostics: [Diagnostic]?
    public var exitCode: Int32
}

/// What `descry doctor -o json` prints.
public struct ReportedHealth: Decodable, Sendable {
    public struct Check: Decodable, Sendable {
        public var name: String
        public var result: String
        public var message: String
        public var hint: String?
    }

    public var environment: String
    public var checks: [Check]

    public func checks(_ result: String) -> [Check] { checks.filter { $0.result == result } }
}

extension DescryBinary.Run {
    /// Standard output as JSON; it holds nothing else.
    public func decoded<Report: Decodable>(as type: Report.Type = Report.self) throws -> Report {
        do {
            return try JSONDecoder().decode(type, from: Data(output.utf8))
        } catch {
            throw Program.Failure(description: "no \(type) on standard output: \(error)\n\(self)")
        }
    }

    public func pass() throws -> ReportedPass { try decoded() }
    public func failure() throws -> ReportedError { try decoded() }
}
