import Documents
import Git

extension EnvironmentSettings {
    /// Settings that exclude one another, or need another one that is not there.
    func conflicts() -> [Diagnostic] {
        let unsigned = unsignedRevert.map {
            problem($0.code, at: $0.origin, $0.message, hint: $0.hint)
        }
        return [unsigned].compactMap { $0 }
            + Self.exclusions.compactMap { first, second in
                guard let one = values[first], let other = values[second] else { return nil }
                return problem(
                    "conflicting-settings", at: one.origin,
                    "\(first.rawValue) and \(second.rawValue) (from \(other.origin.name)) exclude each other",
                    hint: "Give one of them")
            }
            + Self.needs.compactMap { setting, needed in
                guard let given = values[setting], needed.allSatisfy({ values[$0] == nil }) else { return nil }
                let names = needed.map(\.rawValue).joined(separator: " or ")
                return problem(
                    "incomplete-settings", at: given.origin, "\(setting.rawValue) is given without \(names)",
                    hint: "Give both or none")
            }
    }

    /// A revert that the environment's own rule would refuse: then nothing more would be deployed.
    var unsignedRevert: (code: String, origin: Origin, message: String, hint: String)? {
        guard let onFailure = values[.rolloutOnFailure], case .onFailure(let action) = onFailure.value, action.reverts,
            case .signatureRule(let rule) = values[.requireSigned]?.value, rule != .none
        else { return nil }
        let missing = [EnvironmentSetting.revertSignKey, .allowedSigners].filter { values[$0] == nil }
        guard !missing.isEmpty else { return nil }
        let names = missing.map(\.rawValue).joined(separator: " and ")
        return (
            "incomplete-settings", onFailure.origin,
            "requireSigned would refuse the commits of rollout.onFailure: revert, since \(names) is missing",
            "Set revert.signKey, and put its public key into allowedSigners"
        )
    }

    /// Of two settings in one row, one source may give one.
    static let exclusions: [(EnvironmentSetting, EnvironmentSetting)] = [
        (.clusterServer, .clusterKubeconfig), (.clusterServer, .clusterContext), (.clusterTokenFile, .clusterToken),
        (.gitPasswordFile, .gitPassword), (.gitTokenFile, .gitToken), (.gitPasswordFile, .gitTokenFile),
        (.gitPasswordFile, .gitToken), (.gitPassword, .gitTokenFile), (.gitPassword, .gitToken),
        (.verifyJob, .verifyHTTP),
    ]

    private static let needs: [(EnvironmentSetting, [EnvironmentSetting])] = [
        (.clusterCertificateAuthority, [.clusterServer]), (.clusterTokenFile, [.clusterServer]),
        (.clusterToken, [.clusterServer]), (.gitPasswordFile, [.gitUsername]), (.gitPassword, [.gitUsername]),
        (.gitUsername, [.gitPasswordFile, .gitPassword]), (.gitClientKey, [.gitClientCertificate]),
        (.gitClientCertificate, [.gitClientKey]), (.verifyTimeout, [.verifyJob, .verifyHTTP]),
        (.forgeProvider, [.forgeWebhookSecretFile, .forgeTokenFile]), (.forgeWebhookSecretFile, [.forgeProvider]),
        (.forgeTokenFile, [.forgeProvider]), (.forgeURL, [.forgeTokenFile]), (.forgeTargetURL, [.forgeTokenFile]),
        (.requireSigned, [.allowedSigners, .gpgHome]), (.approvalsCount, [.approvalsSigners, .allowedSigners]),
        (.approvalsSigners, [.approvalsCount]), (.approvalsAuthorMayApprove, [.approvalsCount]),
        (.approvalsExpiry, [.approvalsCount]),
    ]

    func problem(_ code: String, at origin: Origin, _ message: String, hint: String?) -> Diagnostic {
        Diagnostic(code: code, message: message, hint: hint, file: origin.name, position: origin.position)
    }
}
