import FoundationEssentials

/// `kind: ExecCredential`: what a plugin is told and what it answers.
enum ExecCredential {
    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    private struct Response: Decodable {
        struct Status: Decodable {
            var expirationTimestamp: String?
            var token: String?
            var clientCertificateData: String?
            var clientKeyData: String?
        }

        var apiVersion: String?
        var kind: String?
        var status: Status?
    }

    private struct Info: Encodable {
        struct Cluster: Encodable {
            var server: String
            var tlsServerName: String?
            var insecureSkipTLSVerify: Bool?
            var certificateAuthorityData: String?
            var proxyURL: String?

            enum CodingKeys: String, CodingKey {
                case server
                case tlsServerName = "tls-server-name"
                case insecureSkipTLSVerify = "insecure-skip-tls-verify"
                case certificateAuthorityData = "certificate-authority-data"
                case proxyURL = "proxy-url"
            }
        }

        struct Spec: Encodable {
            var cluster: Cluster?
            let interactive = false
        }

        let kind = "ExecCredential"
        var apiVersion: String
        var spec: Spec
    }

    /// The value of `KUBERNETES_EXEC_INFO`.
    static func info(_ plugin: ExecPlugin, _ configuration: ClusterConfiguration) throws -> String {
        var cluster: Info.Cluster?
        if plugin.providesClusterInfo {
            cluster = Info.Cluster(
                server: configuration.server.description, tlsServerName: configuration.serverName,
                proxyURL: configuration.proxy?.description)
            switch configuration.trust {
            case .system: break
            case .insecure: cluster?.insecureSkipTLSVerify = true
            case .authorities(let authorities):
                cluster?.certificateAuthorityData = Data(authorities.pem).base64EncodedString()
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let info = Info(apiVersion: plugin.apiVersion, spec: .init(cluster: cluster))
        return String(decoding: try encoder.encode(info), as: UTF8.self)
    }

    /// - Throws: `exec-failed`, which never quotes the output.
    static func read(_ output: String, plugin: ExecPlugin) throws -> ExecOutcome {
        let response: Response
        do {
            response = try JSONDecoder().decode(Response.self, from: Data(output.utf8))
        } catch {
            throw ExecRunner.failed(plugin, "printed no ExecCredential")
        }
        guard response.kind == "ExecCredential", response.apiVersion == plugin.apiVersion else {
            throw ExecRunner.failed(plugin, "did not answer with an ExecCredential of \(plugin.apiVersion)")
        }
        guard let status = response.status else { throw ExecRunner.failed(plugin, "answered without a status") }
        var outcome = ExecOutcome(credential: .none)
        if let token = status.token, !token.isEmpty {
            outcome.credential = try .bearer(token, origin: "The credential plugin \(plugin.command)")
        }
        switch (status.clientCertificateData, status.clientKeyData) {
        case (let certificate?, let key?) where !certificate.isEmpty && !key.isEmpty:
            outcome.credential.identity = try ClientIdentity(
                certificatePEM: Array(certificate.utf8), keyPEM: Array(key.utf8), origin: plugin.command)
        case (nil, nil), ("", ""), ("", nil), (nil, ""): break
        default: throw ExecRunner.failed(plugin, "gave only one of client certificate and key")
        }
        guard outcome.credential != .none else {
            throw ExecRunner.failed(plugin, "gave neither a token nor a client certificate")
        }
        if let text = status.expirationTimestamp {
            do {
                outcome.expires = try Date(withoutFraction(text), strategy: .iso8601)
            } catch {
                throw ExecRunner.failed(plugin, "gave an expirationTimestamp that is not RFC 3339")
            }
        }
        return outcome
    }

    /// RFC 3339 allows fractions of a second; the parser does not, and nothing hangs on them.
    private static func withoutFraction(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text }
        return String(text[..<point] + text[point...].dropFirst().drop { $0.isNumber })
    }
}
