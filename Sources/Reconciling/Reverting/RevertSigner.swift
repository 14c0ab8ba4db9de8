import FoundationEssentials
import Git

/// Signs reverts with the environment's key, where it has one.
///
/// A signature that the environment itself would refuse must not get to the branch: nothing more would be deployed.
struct RevertSigner: Sendable {
    let environment: Environment
    /// The calendar's time.
    let now: @Sendable () -> Date

    /// - Returns: nil where reverts are not signed.
    /// - Throws: as ``Signer/open(_:agent:)``. What it returns throws where the signature would not count.
    func open() async throws -> CommitDraft.Signing? {
        guard let key = environment.revert.signKey else { return nil }
        let signer = try await Signer.open(key, agent: ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"])
        let (rule, list) = (environment.signatures.rule, environment.signatures.allowedSigners)
        let now = now
        return { commit in
            let signature = try await signer.sign(commit, namespace: "git")
            guard rule != .none, let list else { return signature }
            let signers = try SignatureSettings.read(list)
            do throws(GitError) {
                _ = try signers.verify(
                    try SSHSignature(armored: signature), over: commit, namespace: "git",
                    at: Int64(now().timeIntervalSince1970))
            } catch {
                throw GitError(
                    code: error.code, message: "The revert's signature would not count: \(error.message)",
                    hint: "Put the public key of revert.signKey into \(list)", category: error.category)
            }
            return signature
        }
    }
}
