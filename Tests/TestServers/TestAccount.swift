import FoundationEssentials

/// A ServiceAccount of a test, and the ways to get a token for it.
public struct TestAccount: Sendable {
    public let namespace: TestNamespace
    public let name: String

    /// One that exists already.
    public init(namespace: TestNamespace, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// The user name that the API server knows it by, as the audit log writes it.
    public var user: String { "system:serviceaccount:\(namespace.name):\(name)" }

    private struct TokenRequest: Codable {
        struct Spec: Codable { var expirationSeconds: Int }
        struct Status: Codable { var token: String }
        var apiVersion = "authentication.k8s.io/v1"
        var kind = "TokenRequest"
        var spec: Spec
        var status: Status?
    }

    /// A token from the TokenRequest API. The API server refuses less than 600 seconds.
    public func token(expirationSeconds: Int = 3600) async throws -> String {
        let request = TokenRequest(spec: .init(expirationSeconds: expirationSeconds))
        let path = "/api/v1/namespaces/\(namespace.name)/serviceaccounts/\(name)/token"
        let answer = try await namespace.kubectl(
            ["create", "--raw", path, "--filename=-"],
            input: String(decoding: JSONEncoder().encode(request), as: UTF8.self))
        guard let status = try JSONDecoder().decode(TokenRequest.self, from: Data(answer.utf8)).status else {
            throw Program.Failure(description: "the TokenRequest for \(user) was answered without a token")
        }
        return status.token
    }

    /// A token that does not expire, from a Secret of the type `kubernetes.io/service-account-token`: what Jenkins
    /// mostly holds. The token controller fills the Secret in, so this waits for it, by watching.
    public func secretToken() async throws -> String {
        let secret = "\(name)-token"
        try await namespace.apply(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: \(secret), annotations: {kubernetes.io/service-account.name: \(name)}}
            type: kubernetes.io/service-account-token
            """)
        return try await secretToken(of: secret)
    }

    /// The token that the token controller writes into a Secret which exists already.
    public func secretToken(of secret: String) async throws -> String {
        let watch = ["get", "secret", secret, "--watch", #"--output=jsonpath={.data.token}{"\n"}"#]
        let lines = try await namespace.controlPlane.kubectl(
            ["--namespace=\(namespace.name)"] + watch, until: { !$0.isEmpty })
        guard let bytes = lines.last.flatMap({ Data(base64Encoded: $0) }) else {
            throw Program.Failure(description: "the Secret \(secret) got no token")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A token with the API server's own signature that is valid for this many seconds from now; expired already where
    /// negative. TokenRequest cannot give one below ten minutes. The API server remembers a token that it has accepted
    /// for ten seconds, so one that is to be refused must not have been used shortly before.
    public func signedToken(validForSeconds seconds: Int) async throws -> String {
        struct Claims: Encodable {
            struct Kubernetes: Encodable {
                struct Account: Encodable { var name: String, uid: String }
                var namespace: String
                var serviceaccount: Account
            }
            var iss = "https://kubernetes.default.svc.cluster.local"
            var aud = ["https://kubernetes.default.svc.cluster.local"]
            var sub: String
            var iat: Int, nbf: Int, exp: Int
            var kubernetes: Kubernetes
            enum CodingKeys: String, CodingKey {
                case iss, aud, sub, iat, nbf, exp
                case kubernetes = "kubernetes.io"
            }
        }
        let uid = try await namespace.kubectl(["get", "serviceaccount", name, "--output=jsonpath={.metadata.uid}"])
        let now = Int(Date().timeIntervalSince1970)
        let issued = now - 3600
        let claims = Claims(
            sub: user, iat: issued, nbf: issued, exp: now + seconds,
            kubernetes: .init(namespace: namespace.name, serviceaccount: .init(name: name, uid: uid)))
        let signed = try
            "\(Self.base64URL(Data(#"{"alg":"RS256"}"#.utf8))).\(Self.base64URL(JSONEncoder().encode(claims)))"
        // Through base64, because Program gives text.
        let key = "\(namespace.controlPlane.stateDirectory)/sa.key"
        let hex = try await Program.run(
            "openssl", ["dgst", "-sha256", "-hex", "-sign", key], input: Array(signed.utf8))
        let digits = hex.split(separator: " ").last.map(Array.init)?.filter(\.isHexDigit) ?? []
        let signature = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
        return "\(signed).\(Self.base64URL(Data(signature)))"
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Writes the token to a file that only this user can read, and returns its path.
    public func tokenFile(_ token: String) throws -> String {
        let path = "\(namespace.controlPlane.stateDirectory)/\(namespace.name).\(name).\(UUID().uuidString).token"
        try Data(token.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return path
    }

    /// Writes a kubeconfig for the token, with this namespace, and returns its path.
    public func kubeconfig(_ token: String) throws -> String {
        let plane = namespace.controlPlane
        return try tokenFile(
            """
            apiVersion: v1
            kind: Config
            current-context: test
            clusters:
            - name: test
              cluster: {server: "\(plane.server)", certificate-authority: \(plane.certificateAuthority)}
            users:
            - name: \(name)
              user: {token: "\(token)"}
            contexts:
            - name: test
              context: {cluster: test, user: \(name), namespace: \(namespace.name)}
            """)
    }
}
