import NIOSSL
import Subprocess

/// Certificates from `openssl`, made anew for each test.
struct TestCertificates: Sendable {
    struct Failed: Error {
        var arguments: [String]
        var words: String
    }

    let folder: TestFolder

    /// A certificate authority; its file is `NAME.crt`.
    func authority(_ name: String) async throws {
        try await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file(name, "key"))
        try await openssl(
            "req", "-x509", "-new", "-key", file(name, "key"), "-subj", "/CN=\(name)", "-days", "2", "-out",
            file(name, "crt"))
    }

    /// A certificate of that authority. `days` may be negative: it has expired then.
    func certificate(
        _ name: String, from authority: String, names: String = "IP:127.0.0.1,DNS:localhost", days: Int = 2,
        usage: String = "serverAuth"
    ) async throws {
        try await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file(name, "key"))
        try await openssl("req", "-new", "-key", file(name, "key"), "-subj", "/CN=\(name)", "-out", file(name, "csr"))
        let extensions = try folder.write("\(name).ext", "extendedKeyUsage=\(usage)\nsubjectAltName=\(names)\n")
        try await openssl(
            "x509", "-req", "-in", file(name, "csr"), "-CA", file(authority, "crt"), "-CAkey", file(authority, "key"),
            "-CAcreateserial", "-days", "\(days)", "-extfile", extensions, "-out", file(name, "crt"))
    }

    func file(_ name: String, _ kind: String) -> String { "\(folder.path)/\(name).\(kind)" }

    func server(_ name: String) throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(file(name, "crt")).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: file(name, "key"), format: .pem)))
    }

    private func openssl(_ arguments: String...) async throws {
        let result = try await Subprocess.run(
            .name("openssl"), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw Failed(arguments: arguments, words: result.standardError)
        }
    }
}
