import AsyncHTTPClient
import Documents
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// HTTP statuses and transport errors as ``GitError``s.
enum HTTPFailure {
    static func status(
        _ status: HTTPResponseStatus, service: Service, remote: RemoteURL, words: String, wantsCertificate: Bool,
        retryAfter: Duration?, isAuthorized: Bool
    ) -> GitError {
        let said = words.isEmpty ? "" : ": " + words
        switch status.code {
        case 400 where wantsCertificate, 495, 496:
            return .denied("client-certificate", "\(remote) wants a client certificate\(said)")
        case 401:
            return .denied(
                "unauthorized",
                "\(remote) \(isAuthorized ? "doesn't take the credentials" : "wants credentials") (401)\(said)",
                hint: isAuthorized
                    ? "Check user, password or token, and whether it has expired"
                    : "Set git.username and git.passwordFile or git.tokenFile")
        case 403:
            return .denied(
                "forbidden", "\(remote) doesn't permit to \(service.right) the repository (403)\(said)",
                hint: "Give the account \(service == .uploadPack ? "read" : "write") access to the repository")
        case 407: return .denied("proxy-unauthorized", "A proxy before \(remote) wants credentials (407)")
        case 404, 410:
            return .refused(
                "repository-not-found", "\(remote) isn't there (\(status.code))\(said)",
                hint: "Check the URL; many servers also answer so where the credentials may not read it")
        case 408, 425: return .unreachable("server-error", "\(remote) gave up waiting (\(status.code))")
        case 429:
            let after = retryAfter.map { "; try again in \(DurationText.format($0))" } ?? ""
            return .unreachable(
                "rate-limited", "\(remote) takes no more requests for now (429)\(after)", retryAfter: retryAfter)
        case 500...599:
            return .unreachable("server-error", "\(remote) failed (\(status.code))\(said)", retryAfter: retryAfter)
        default: return .refused("http-status", "\(remote) answered \(status.code)\(said)")
        }
    }

    /// Whether the other side closed or reset the connection before it answered.
    static func isClosedConnection(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError { return error == .remoteConnectionClosed }
        if let error = error as? IOError { return [ECONNRESET, EPIPE].contains(error.errnoCode) }
        return false
    }

    static func error(_ error: any Error, remote: RemoteURL) -> GitError {
        switch error {
        case let error as GitError: return error
        case is CancellationError: return .cancelled
        case let error as HTTPClientError: return client(error, remote: remote)
        case let error as NIOConnectionError: return connection(error, remote: remote)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: return tls(error, remote: remote)
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return .unreachable(
                "connection-failed", "No connection to \(remote.authority): connection refused",
                hint: "Check host and port of the URL, and that the server runs")
        case let error as IOError:
            return .unreachable("connection-lost", "The connection to \(remote) broke: \(printable(error.description))")
        case HTTPParserError.invalidEOFState:
            return .unreachable("connection-lost", "\(remote) closed the connection before its answer was complete")
        case is HTTPParserError:
            return .unreachable("not-http", "\(remote) doesn't speak HTTP", hint: "Check scheme and port of the URL")
        default:
            return .unreachable(
                "connection-lost", "The exchange with \(remote) failed: \(printable(String(describing: error)))")
        }
    }

    private static func client(_ error: HTTPClientError, remote: RemoteURL) -> GitError {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            return .unreachable("connect-timeout", "\(remote) didn't accept a connection in time")
        case .cancelled: return .cancelled
        case .remoteConnectionClosed:
            return .unreachable("connection-lost", "\(remote) closed the connection before its answer was complete")
        default:
            return .unreachable("connection-lost", "The exchange with \(remote) failed: \(error.shortDescription)")
        }
    }

    static func connection(_ error: NIOConnectionError, remote: RemoteURL) -> GitError {
        if error.connectionErrors.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil {
            return .unreachable(
                "host-not-found", "The name \(remote.host) can't be resolved", hint: "Check the URL and DNS")
        }
        let reasons = error.connectionErrors.map { failure in
            (failure.error as? IOError).map { printable($0.description) }
                ?? printable(String(describing: failure.error))
        }
        return .unreachable(
            "connection-failed", "No connection to \(remote.authority): \(reasons.joined(separator: "; "))")
    }

    private static func tls(_ error: any Error, remote: RemoteURL) -> GitError {
        let text = String(describing: error)
        if let extra = error as? NIOSSLExtraError, extra == .failedToValidateHostname {
            return .denied(
                "tls-host-name", "The certificate of \(remote.authority) is for another name than \(remote.host)",
                hint: "Use the name that the certificate gives, or let the server have one for this name")
        }
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return .denied(
                "tls-untrusted",
                "The certificate of \(remote.authority) isn't signed by a trusted authority, or has expired",
                hint: "Name the PEM file of the server's own authority (certificateAuthority), or renew the certificate"
            )
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return .unreachable(
                "not-tls", "\(remote.authority) doesn't speak TLS", hint: "Check scheme and port of the URL")
        }
        if text.contains("ALERT_CERTIFICATE") || text.contains("ALERT_UNKNOWN_CA")
            || text.contains("ALERT_BAD_CERTIFICATE") || text.contains("CERTIFICATE_REQUIRED")
        {
            return .denied(
                "client-certificate", "\(remote.authority) doesn't take the client certificate, or wants one")
        }
        if text.contains("uncleanShutdown") || text.contains("UncleanShutdown") {
            return .unreachable("connection-lost", "\(remote) closed the connection before its answer was complete")
        }
        return .unreachable("tls", "TLS with \(remote.authority) failed: \(printable(text, limit: 200))")
    }
}
