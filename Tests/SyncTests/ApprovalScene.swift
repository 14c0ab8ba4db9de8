import FoundationEssentials
import Git
import Logging
import Reporting
import TestServers
import Testing

@testable import Reconciling

/// People with keys, and the list of those who may approve.
struct Approvers: Sendable {
    let keys: SSHKeys
    let list: String
    private let paths: [String: String]
    private(set) var lines: [String: String] = [:]

    /// - Parameter people: those in the list; everybody else has a key as well.
    init(_ people: [String], besides others: [String] = []) async throws {
        keys = try SSHKeys()
        var paths: [String: String] = [:]
        for (index, name) in (people + others).enumerated() {
            let key = try await keys.make(.ed25519, name: "key-\(index)")
            paths[name] = key.path
            lines[name] = "\(name) \(key.publicKey)"
        }
        self.paths = paths
        list = try keys.folder.write("approvers", people.compactMap { [lines] in lines[$0] }.joined(separator: "\n"))
    }

    func signer(_ name: String) async throws -> Signer { try await Signer.open(path(of: name), agent: nil) }

    func path(of name: String) throws -> String { try #require(paths[name]) }
}

extension SetScene {
    /// DEV, where two of these have to approve.
    func location(_ approvers: Approvers, _ more: String = "") throws -> DescriptorLocation {
        let text = """
            environment: DEV
            repository: "\(url)"
            approvals: {count: 2, signers: "\(approvers.list)"\(more)}
            """
        return try EnvironmentSettings.parse(Array(text.utf8), file: "DEV.yaml").location(name: "DEV")
    }

    /// With a cache of its own, as on another machine.
    func withRepository<Result: Sendable>(_ body: (GitRepository) async throws -> Result) async throws -> Result {
        let cache = try TemporaryFolder()
        let repository = try GitRepository(
            remote: try RemoteURL(url), options: try await options(cache),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(repository)) } catch { result = .failure(error) }
        await repository.close()
        return try result.get()
    }

    func approve(
        _ name: String, by approvers: Approvers, key: String? = nil, _ commit: CommitID? = nil,
        validity: Duration? = nil, settings: String = "", at now: Date = Date()
    ) async throws -> ApprovalReport {
        let signer = try await approvers.signer(key ?? name)
        return try await withRepository { repository in
            try await ApproveCommit(
                location: try location(approvers, settings), repository: repository, signer: signer, name: name,
                identity: try CommitIdentity(name: name, email: name, time: 0), validity: validity, now: { now }
            ).run(commit)
        }
    }

    func approvals(_ approvers: Approvers, settings: String = "", at now: Date = Date()) async throws -> ApprovalReport
    {
        try await withRepository { repository in
            try await ListApprovals(
                location: try location(approvers, settings), repository: repository, now: { now }
            ).run(nil)
        }
    }
}

extension GitFixture {
    /// Puts a file's content where an approval would stand, past Descry.
    func plant(_ bytes: [UInt8], at ref: String, file: String = "approval") async throws {
        let commit = try await commit(to: "planted", [file: .bytes(bytes)], parent: .none)
        try await git("update-ref", ref, commit)
        try await delete("planted")
    }
}
