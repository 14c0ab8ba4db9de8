import Documents
import FoundationEssentials
import Git

extension SignatureSettings {
    /// The longest list of allowed signers, in bytes.
    private static let maximumSize = 4 << 20

    /// Checks that the commits of a fetched branch are signed as the rule asks for.
    ///
    /// The list of signers is read anew each time, so that a key which was taken out of it counts no more.
    ///
    /// - Returns: who signed, the tip first; nobody where nothing is asked for.
    /// - Throws: `GitError` for a commit whose signature is missing or doesn't count, and code `signers-unreadable`;
    ///   `Refused` where the list of signers is wrong.
    @discardableResult
    func verify(_ tip: BranchTip, in repository: GitRepository) async throws -> [CommitSigner] {
        guard rule != .none else { return [] }
        let verifier = CommitVerifier(
            rule: rule, allowedSigners: try allowedSigners.map { try Self.read($0) },
            gpg: gpgHome.map { GPGVerifier(home: $0, environment: ProcessInfo.processInfo.environment) })
        return try await repository.verifySignatures(of: tip, by: verifier)
    }

    /// - Throws: `GitError` with code `signers-unreadable` (denied), `Refused`.
    static func read(_ path: String) throws -> AllowedSigners {
        let bytes: [UInt8]
        do throws(BoundedFile.Problem) { bytes = try BoundedFile.read(path, limit: maximumSize) } catch {
            throw GitError(
                code: "signers-unreadable", message: "The allowed signers in \(path) can't be read: \(error)",
                hint: "Without them no signature counts", category: .denied)
        }
        return try AllowedSigners.parse(bytes, file: path)
    }
}
