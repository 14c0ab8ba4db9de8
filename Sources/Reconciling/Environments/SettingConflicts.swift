import Documents

extension EnvironmentSettings {
    /// Settings that exclude one another, or need another one that is not there.
    func conflicts() -> [Diagnostic] {
        Self.exclusions.compactMap { first, second in
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
