import AsyncHTTPClient
import Documents
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// The smart protocol over HTTP: a GET for the server's first words, a POST for every request.
///
/// Source: gitprotocol-http(5). Servers that offer files only ("dumb") are refused.
final class HTTPConversation: Conversation {
    private let owner: HTTPClientOwner
    private let service: Service
    private let remote: RemoteURL
    private let options: GitOptions
    private let watchdog: Watchdog
    /// Where requests go; a redirect of the first one moves it within the same server.
    private var base: String

    init(
        _ owner: HTTPClientOwner, service: Service, remote: RemoteURL, options: GitOptions, watchdog: Watchdog
    ) {
        self.owner = owner
        self.service = service
        self.remote = remote
        self.options = options
        self.watchdog = watchdog
        base = "\(remote.scheme.rawValue)://\(remote.authority)\(remote.path)"
    }

    nonisolated(nonsending) func advertisement() async throws(GitError) -> Advertisement {
        // The first words of `git-receive-pack` hold the refs, which are old by the next push.
        guard service == .uploadPack else { return try await ask() }
        if let known = owner.greeting.withLock({ $0 }) {
            base = known.base
            return known.advertisement
        }
        let advertisement = try await ask()
        if case .v2 = advertisement { owner.greeting.withLock { [base] in $0 = (base, advertisement) } }
        return advertisement
    }

    nonisolated(nonsending) private func ask() async throws(GitError) -> Advertisement {
        let suffix = "/info/refs?service=\(service.rawValue)"
        var redirects = 0
        while true {
            let (response, authorization) = try await execute(url: base + suffix, body: nil)
            guard (300..<400).contains(response.status.code), response.status != .notModified else {
                let type = "application/x-\(service.rawValue)-advertisement"
                let source = try await accepted(response, type: type, authorization)
                return try await PacketReader(source, limit: options.limits.refs).advertisement(of: service)
            }
            redirects += 1
            guard redirects <= 5 else {
                throw .unreachable("redirect-loop", "\(remote) redirects more than 5 times")
            }
            base = try Redirect.base(
                of: response.headers.first(name: "location"), from: base, suffix: suffix, remote: remote)
        }
    }

    nonisolated(nonsending) func send(_ request: [UInt8]) async throws(GitError) -> PacketReader {
        do throws(GitError) {
            return try await post(request)
        } catch {
            owner.greeting.withLock { $0 = nil }
            throw error
        }
    }

    nonisolated(nonsending) private func post(_ request: [UInt8]) async throws(GitError) -> PacketReader {
        let (response, authorization) = try await execute(url: base + "/" + service.rawValue, body: request)
        if (300..<400).contains(response.status.code) {
            throw .refused("redirect", "\(remote) redirects a POST, which would show the request to another address")
        }
        let source = try await accepted(response, type: "application/x-\(service.rawValue)-result", authorization)
        return PacketReader(source, limit: options.limits.pack)
    }

    nonisolated(nonsending) private func execute(
        url: String, body: [UInt8]?
    ) async throws(GitError) -> (HTTPClientResponse, Authorization) {
        let authorization = try Authorization(options.credentials, remote: remote, environment: options.environment)
        guard authorization.header == nil || remote.scheme != .http || remote.isLoopback else {
            throw .refused(
                "plain-http", "\(remote) would get the credentials in clear text", hint: "Use the https:// address")
        }
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "User-Agent", value: options.userAgent)
        if let version = service.version { request.headers.add(name: "Git-Protocol", value: version) }
        if let header = authorization.header { request.headers.add(name: "Authorization", value: header) }
        if let body {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-\(service.rawValue)-request")
            request.headers.add(name: "Accept", value: "application/x-\(service.rawValue)-result")
            request.body = .bytes(ByteBuffer(bytes: body))
        } else {
            request.headers.add(name: "Accept", value: "*/*")
            request.headers.add(name: "Pragma", value: "no-cache")
        }
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do {
            do {
                return (try await owner.client.execute(request, deadline: .distantFuture), authorization)
            } catch  where HTTPFailure.isClosedConnection(error) && (body == nil || service == .uploadPack) {
                // A connection that was kept open may close in the moment of its reuse. What only reads can be sent again,
                // once; a push whose answer is lost may have been taken.
                return (try await owner.client.execute(request, deadline: .distantFuture), authorization)
            }
        } catch {
            throw HTTPFailure.error(error, remote: remote)
        }
    }

    /// The body of a good answer of the right type.
    nonisolated(nonsending) private func accepted(
        _ response: HTTPClientResponse, type: String, _ authorization: Authorization
    ) async throws(GitError) -> any ByteSource {
        let source = HTTPBody(response.body, remote: remote, watchdog: watchdog)
        let contentType = response.headers.first(name: "content-type") ?? ""
        guard response.status == .ok else {
            // A page for people is no message; all it is good for is to recognise nginx's own words about certificates.
            let body = contentType.hasPrefix("text/") ? await source.text(limit: 2048) : ""
            let words = contentType.hasPrefix("text/plain") ? printable(authorization.redact(body), limit: 300) : ""
            throw HTTPFailure.status(
                response.status, service: service, remote: remote, words: words,
                wantsCertificate: body.contains("SSL certificate"),
                retryAfter: RetryAfter.pause(
                    response.headers.first(name: "retry-after"), date: response.headers.first(name: "date"),
                    now: Int64(Date().timeIntervalSince1970)), isAuthorized: authorization.header != nil)
        }
        guard contentType == type else {
            throw .refused(
                "not-smart-http",
                "\(remote) answers, but not with git's smart protocol (content type “\(printable(contentType, limit: 80))”)",
                hint:
                    "Check the URL; a server that offers a repository as plain files needs git http-backend, and a login"
                    + " page means that credentials are missing")
        }
        return source
    }
}

/// The body of an answer, piece by piece.
final class HTTPBody: ByteSource {
    private var iterator: HTTPClientResponse.Body.AsyncIterator
    private let remote: RemoteURL
    private let watchdog: Watchdog

    init(_ body: HTTPClientResponse.Body, remote: RemoteURL, watchdog: Watchdog) {
        iterator = body.makeAsyncIterator()
        self.remote = remote
        self.watchdog = watchdog
    }

    nonisolated(nonsending) func read() async throws(GitError) -> [UInt8]? {
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do {
            while let buffer = try await iterator.next(isolation: #isolation) {
                if buffer.readableBytes > 0 { return Array(buffer.readableBytesView) }
            }
            return nil
        } catch {
            throw HTTPFailure.error(error, remote: remote)
        }
    }

    /// The beginning of a body that explains an error. Where even that fails, the status has to do.
    nonisolated(nonsending) func text(limit: Int) async -> String {
        var bytes: [UInt8] = []
        do throws(GitError) {
            while bytes.count < limit, let more = try await read() { bytes += more }
        } catch {
            return ""
        }
        return String(decoding: bytes.prefix(limit), as: UTF8.self)
    }
}

/// Where a server may send the first request: elsewhere on itself, nowhere else.
enum Redirect {
    /// The new base, as git derives it: the location less what was appended to the old one.
    static func base(
        of location: String?, from base: String, suffix: String, remote: RemoteURL
    ) throws(GitError) -> String {
        guard let location, let old = URL(string: base), let new = URL(string: location, relativeTo: old)?.absoluteURL
        else { throw .unreachable("redirect", "\(remote) redirects without saying where to") }
        let oldPort = old.port ?? (old.scheme == "https" ? 443 : 80)
        let newPort = new.port ?? (new.scheme == "https" ? 443 : 80)
        guard new.scheme == old.scheme, new.host()?.lowercased() == old.host()?.lowercased(), newPort == oldPort else {
            throw .refused(
                "redirect-elsewhere",
                "\(remote) redirects to another server (\(printable(new.scheme ?? "", limit: 10))://\(printable(new.host() ?? "", limit: 80)):\(newPort))",
                hint: "Credentials are sent to no other server than the one named; if it is right, put it into the URL")
        }
        let text = new.absoluteString
        guard text.hasSuffix(suffix) else {
            throw .refused(
                "redirect", "\(remote) redirects to a page that is no git repository",
                hint: "A login page means that credentials are missing")
        }
        // User information in a location would be credentials that the server chose.
        guard new.user == nil, new.password == nil else {
            throw .refused("redirect", "\(remote) redirects to an address with credentials in it")
        }
        return String(text.dropLast(suffix.count))
    }
}
