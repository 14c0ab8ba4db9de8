import Documents
import FoundationEssentials
import Git
import Reporting

extension Doctor {
    /// With `onFailure: revert`: that the key which signs reverts is there, and counts. That the login may push shows by a push only.
    func examineRevert(_ findings: inout Findings) async {
        guard environment.rollout.onFailure.reverts, let key = environment.revert.signKey else { return }
        do {
            let sign = try await RevertSigner(environment: environment, now: { Date() }).open()
            _ = try await sign?(Array("descry doctor".utf8))
            findings.ok("revert", "\(key) signs reverts")
        } catch let error as GitError {
            let status = ExitStatus(rawValue: error.category.exitCode) ?? .internalError
            findings.fail("revert", error.message, hint: error.hint, status)
        } catch let refused as Refused {
            let message = refused.diagnostics.first?.message ?? "the list of allowed signers is refused"
            findings.fail("revert", message, hint: refused.diagnostics.first?.hint, .refused)
        } catch {
            findings.fail("revert", String(describing: error), hint: nil, .internalError)
        }
    }
}
