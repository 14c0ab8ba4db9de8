import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL

/// Why there was no complete answer.
enum TransportFailure: Error {
    /// Neither head nor body in time.
    case timedOut
    /// No TCP connection.
    case unreachable(String)
    /// The connection stood and broke.
    case lost(String)
    case proxy(String)
    case tooLarge(Int)
    /// The server's certificate was not accepted; why, only the certificate itself tells.
    case untrusted
    /// The certificate is for another host.
    case wrongHost
    /// The handshake failed for another reason: no common protocol, or the server refused the client certificate.
    case handshake(String)

    /// Runs the operation and turns what the HTTP client throws into one of the cases. Cancellation stays what it is.
    ///
    /// Unknown errors are named by their type alone: their text may quote the request with its credential.
    static func catching<Result>(_ operation: () async throws -> Result) async throws -> Result {
        do {
            return try await operation()
        } catch let error as TransportFailure {
            throw error
        } catch let error as KubernetesError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw Self(error)
        }
    }

    init(_ error: any Error) {
        self =
            switch error {
            case is TimeoutError: .timedOut
            case let error as HTTPClientError: Self.client(error)
            case let error as NIOConnectionError: .unreachable(Self.reason(error))
            case let error as NIOSSLExtraError:
                error == .failedToValidateHostname ? .wrongHost : .handshake("the TLS settings do not fit together")
            case let error as NIOSSLError: Self.tls(error)
            case let error as BoringSSLError: Self.boring(error)
            case let error as IOError: Self.system(error)
            case is ChannelError: .lost("the connection was closed")
            default: .lost(String(describing: type(of: error)))
            }
    }

    private static func client(_ error: HTTPClientError) -> TransportFailure {
        switch error {
        case .deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            .timedOut
        case .proxyAuthenticationRequired, .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            .proxy(error.shortDescription)
        default: .lost(error.shortDescription)
        }
    }

    private static func system(_ error: IOError) -> TransportFailure {
        let reason = String(cString: strerror(error.errnoCode))
        return [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, EADDRNOTAVAIL].contains(error.errnoCode)
            ? .unreachable(reason) : .lost(reason)
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
            return "the host name is not known"
        }
        for failure in error.connectionErrors {
            if let failure = failure.error as? IOError { return String(cString: strerror(failure.errnoCode)) }
            if failure.error is ChannelError { return "no connection in time" }
        }
        return "no connection could be made"
    }

    private static func tls(_ error: NIOSSLError) -> TransportFailure {
        switch error {
        case .handshakeFailed(let reason): boring(reason)
        case .uncleanShutdown: .lost("the connection was closed without a word")
        default: .handshake("the TLS settings do not fit together")
        }
    }

    private static func boring(_ error: BoringSSLError) -> TransportFailure {
        guard case .sslError(let stack) = error else { return .lost("the connection broke during the TLS handshake") }
        let text = stack.map(\.description).joined(separator: " ")
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return .untrusted }
        if stack.contains(.eofDuringHandshake) {
            return .lost("the server closed the connection during the TLS handshake")
        }
        // OpenSSL's error strings: error:CODE:LIBRARY:FUNCTION:REASON at FILE:LINE. The reason alone says something.
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let reason = parts.count > 5 ? parts[5].split(separator: " ").first.map(String.init) : nil
        return .handshake(reason ?? "TLS error")
    }

    func described(
        configuration: ClusterConfiguration, purpose: APIRequest.Purpose, now: Date
    ) async -> KubernetesError {
        let server = configuration.server
        let failed = "Could not \(purpose):"
        switch self {
        case .timedOut: return .timedOut(purpose, server)
        case .unreachable(let reason):
            return .init(
                code: "unreachable", category: .unreachable,
                message: "\(failed) \(server) is not reachable: \(reason).",
                hint: "Check the address and that the API server is up, then try again.")
        case .lost(let reason):
            return .init(
                code: "connection-lost", category: .unreachable,
                message: "\(failed) the connection to \(server) broke: \(reason).", hint: "Try again.")
        case .proxy(let reason):
            return .init(
                code: "proxy-failed", category: .unreachable,
                message: "\(failed) the proxy \(configuration.proxy?.description ?? "") refused: \(reason).",
                hint: "Check the cluster's proxy-url.")
        case .tooLarge(let limit):
            return .init(
                code: "response-too-large", category: .internal,
                message: "\(failed) the answer is larger than \(limit) bytes.")
        case .untrusted:
            return await CertificateInquiry(configuration: configuration).explain(failed, now: now)
        case .wrongHost:
            return .init(
                code: "tls-wrong-host", category: .denied,
                message:
                    "\(failed) the certificate of \(server) is not for \(configuration.serverName ?? server.host).",
                hint: "Use a name that is in the certificate as the address, or set `tls-server-name` to one.")
        case .handshake(let reason):
            return .init(
                code: "tls-handshake", category: .denied,
                message: "\(failed) the TLS handshake with \(server) failed: \(reason).",
                hint: "Check the client certificate and that the address is that of the API server.")
        }
    }
}
