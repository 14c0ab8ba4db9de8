import AsyncHTTPClient
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1

/// Sends requests with the credential of the moment, and again where that may help.
final class Transport: Sendable {
    let configuration: ClusterConfiguration
    let options: ClientOptions
    let logger: Logger
    private let clients: HTTPClients
    private let credentials: CredentialStore
    private let recovery = Recovery()
    let gate: RequestGate
    var watches: WatchClients { clients.watches }

    init(configuration: ClusterConfiguration, options: ClientOptions, logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
        clients = HTTPClients(configuration: configuration, options: options)
        gate = RequestGate(limit: options.requestsInFlight)
        let runner = ExecRunner(configuration: configuration, date: options.time.date)
        credentials = CredentialStore(source: configuration.credential, date: options.time.date) {
            try await runner.run($0)
        }
    }

    func close() async throws {
        try await clients.requests.shutdown()
        try await clients.watches.shutdown()
    }

    /// Sends the request until it succeeds, is refused, or may not be tried any more.
    ///
    /// - Parameters:
    ///   - deadline: for all attempts together, with what they wait for; nil means the budget of `retries`, without what they wait
    ///     for a place among the requests in flight.
    ///   - permit: asked before each attempt, unless the request is a GET.
    /// - Returns: the body of a 2xx answer.
    func send(
        _ request: APIRequest, deadline: ContinuousClock.Instant?, retries: RetryPolicy,
        priority: RequestQueue.Priority, permit: WritePermission?
    ) async throws -> Data {
        let permit = request.method == .GET ? nil : permit
        var end = deadline ?? options.time.now() + retries.budget
        var attempt = 1
        while true {
            let remaining = options.time.now().duration(to: end)
            guard remaining > .zero else { throw KubernetesError.timedOut(request.purpose, configuration.server) }
            let failure: (error: KubernetesError, kind: RetryPolicy.Failure)
            do {
                let answer = try await authorized { credential in
                    let (place, waited) = try await self.place(priority, permit, deadline, budget: end, request.purpose)
                    defer { place.leave() }
                    end += waited
                    let remaining = self.options.time.now().duration(to: end)
                    return try await self.exchange(
                        request, credential, within: min(remaining, self.options.requestTimeout))
                }
                observe(answer.status)
                if (200..<300).contains(answer.status) { return answer.body }
                let error = answer.error(purpose: request.purpose)
                guard answer.isTransient || isPassing(error) else { throw error }
                failure = (error, .busy(retryAfter: error.retryAfter))
            } catch let error as TransportFailure {
                let described = await describe(error, purpose: request.purpose)
                guard described.category == .unreachable, described.code != "response-too-large" else {
                    throw described
                }
                failure = (described, .connection)
            }
            guard
                let pause = retries.pause(
                    after: failure.kind, attempt: attempt, chance: options.time.random(),
                    remaining: options.time.now().duration(to: end))
            else { throw failure.error }
            logger.debug(
                "Request is sent again",
                metadata: ["request": "\(request.purpose)", "code": "\(failure.error.code)", "pause": "\(pause)"])
            try await options.time.sleep(pause)
            attempt += 1
        }
    }

    /// Waits until the request may be sent: for its permission first, which may take long, then for its place. A permission that
    /// has run out by then is waited for again, without the place.
    ///
    /// - Returns: the place, and how long it was waited for.
    private func place(
        _ priority: RequestQueue.Priority, _ permit: WritePermission?, _ deadline: ContinuousClock.Instant?,
        budget: ContinuousClock.Instant, _ purpose: APIRequest.Purpose
    ) async throws -> (RequestGate.Place, waited: Duration) {
        var waited = Duration.zero
        while true {
            if let permit { try await wait(until: budget + waited, purpose, permit.wait) }
            let start = options.time.now()
            let claim = RequestGate.Claim(priority: priority, namespace: purpose.namespace ?? "")
            let place: RequestGate.Place
            if let free = gate.enterAtOnce(claim) {
                place = free
            } else if let deadline {
                place = try await wait(until: deadline, purpose) { [gate] in try await gate.enter(claim) }
            } else {
                place = try await gate.enter(claim)
            }
            if deadline == nil { waited += start.duration(to: options.time.now()) }
            // Nothing is awaited between this and the sending. What is thrown gives the place back.
            if try permit?.holds() ?? true { return (place, waited) }
            place.leave()
        }
    }

    private func wait<Result: Sendable>(
        until end: ContinuousClock.Instant, _ purpose: APIRequest.Purpose,
        _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        do {
            return try await withTimeout(options.time.now().duration(to: end), operation)
        } catch is TimeoutError {
            throw KubernetesError.timedOut(purpose, configuration.server)
        }
    }

    /// Opens a watch and hands its answer to `body` as soon as the head is there; until then it is one of the requests in flight.
    /// No retries: the watch loop has its own.
    func watch<Result: Sendable>(
        _ request: APIRequest, priority: RequestQueue.Priority,
        _ body: @Sendable (HTTPClientResponse.Body) async throws -> Result
    ) async throws -> Result {
        do {
            let credential = try await credentials.current()
            let place = try await place(priority, nil, nil, budget: .now, request.purpose).0
            defer { place.leave() }
            return try await clients.watches.with { client in
                var response = try await open(request, credential, client)
                if response.status == .unauthorized, let other = try await credentials.renew(rejected: credential) {
                    response = try await open(request, other, client)
                }
                observe(Int(response.status.code))
                guard response.status == .ok else {
                    let text = try await collect(response.body, limit: 1 << 20)
                    throw Answer(response, body: text).error(purpose: request.purpose)
                }
                place.leave()
                return try await body(response.body)
            }
        } catch let error as TransportFailure {
            throw await describe(error, purpose: request.purpose)
        }
    }

    /// True where the server refused, but may do so only because it is starting: see ``Recovery``.
    func isPassing(_ error: KubernetesError) -> Bool {
        (error.status == 401 || error.status == 403) && recovery.isUnderWay(at: options.time.now())
    }

    private func observe(_ status: Int) {
        if [502, 503, 504].contains(status) { recovery.failed() } else { recovery.answered(at: options.time.now()) }
    }

    /// What the token in use says about itself; nil where there is none, or it is no JWT.
    func tokenClaims() async throws -> TokenClaims? {
        let prefix = "Bearer "
        guard let header = try await credentials.current().authorization?.value, header.hasPrefix(prefix) else {
            return nil
        }
        return TokenClaims(unverified: Secret(String(header.dropFirst(prefix.count))))
    }

    private func open(
        _ request: APIRequest, _ credential: Credential, _ client: HTTPClient
    ) async throws -> HTTPClientResponse {
        try await options.observing(request.purpose, status: { Int($0.status.code) }) {
            try await TransportFailure.catching {
                try await client.execute(
                    httpRequest(request, credential), deadline: .now() + TimeAmount(options.requestTimeout))
            }
        }
    }

    /// Sends the request once and gives the answer as it is, whatever its status, and of its body no more than `limit` bytes
    /// and one. For what is passed on to somebody else, whose answers say nothing about the API server.
    func ask(_ request: APIRequest, limit: Int, within timeout: Duration) async throws -> Answer {
        do {
            let answer = try await authorized({ $0.statusObject?.reason == "Unauthorized" }) { credential in
                let prepared = self.httpRequest(request, credential)
                let client = self.clients.requests
                return try await self.options.observing(request.purpose, status: \.status) {
                    try await TransportFailure.catching {
                        try await withTimeout(timeout) {
                            let response = try await client.execute(prepared, deadline: .now() + TimeAmount(timeout))
                            return Answer(response, body: try await Self.beginning(of: response.body, limit + 1))
                        }
                    }
                }
            }
            recovery.answered(at: options.time.now())
            return answer
        } catch TransportFailure.timedOut {
            // Whoever it was passed on to may be the silent one, so the API server does not count as away.
            throw KubernetesError.timedOut(request.purpose, configuration.server)
        } catch let error as TransportFailure {
            throw await describe(error, purpose: request.purpose)
        }
    }

    private static func beginning(of body: HTTPClientResponse.Body, _ limit: Int) async throws -> Data {
        var data = Data()
        for try await chunk in body {
            data.append(contentsOf: chunk.readableBytesView.prefix(limit - data.count))
            if data.count == limit { break }
        }
        return data
    }

    /// Runs the exchange; where the answer refuses the credential and there is another one, once more with that.
    private func authorized(
        _ isRefusal: (Answer) -> Bool = { $0.status == 401 }, _ exchange: (Credential) async throws -> Answer
    ) async throws -> Answer {
        let credential = try await credentials.current()
        let answer = try await exchange(credential)
        guard isRefusal(answer), let other = try await credentials.renew(rejected: credential) else { return answer }
        logger.debug("The credential was refused; the one read again is tried")
        return try await exchange(other)
    }

    private func exchange(
        _ request: APIRequest, _ credential: Credential, within timeout: Duration
    ) async throws -> Answer {
        let prepared = httpRequest(request, credential)
        let (client, watches) = (clients.requests, clients.watches)
        let limit = options.responseLimit
        return try await options.observing(request.purpose, status: \.status) {
            try await TransportFailure.catching {
                try await withTimeout(timeout) {
                    let response = try await client.execute(prepared, deadline: .now() + TimeAmount(timeout))
                    watches.answered(in: response.version)
                    return Answer(response, body: try await self.collect(response.body, limit: limit))
                }
            }
        }
    }

    private func collect(_ body: HTTPClientResponse.Body, limit: Int) async throws -> Data {
        var data = Data()
        for try await chunk in body {
            guard data.count + chunk.readableBytes <= limit else { throw TransportFailure.tooLarge(limit) }
            data.append(contentsOf: chunk.readableBytesView)
        }
        return data
    }

    private func httpRequest(_ request: APIRequest, _ credential: Credential) -> HTTPClientRequest {
        let server = configuration.server
        let host = configuration.serverName ?? server.host
        let authority = (host.contains(":") ? "[\(host)]" : host) + ":\(server.port)"
        var prepared = HTTPClientRequest(
            url: (server.isTLS ? "https://" : "http://") + authority + server.prefix + request.target)
        prepared.method = request.method
        prepared.headers.add(name: "Host", value: server.authority)
        prepared.headers.add(name: "User-Agent", value: options.userAgent)
        prepared.headers.add(name: "Accept", value: request.accept)
        if let authorization = credential.authorization {
            prepared.headers.add(name: "Authorization", value: authorization.value)
        }
        if let body = request.body {
            prepared.headers.add(name: "Content-Type", value: request.contentType)
            prepared.body = .bytes(ByteBuffer(bytes: body))
        }
        if let identity = credential.identity {
            prepared.tlsConfiguration = HTTPClients.tls(configuration, identity: identity)
        }
        return prepared
    }

    func describe(_ failure: TransportFailure, purpose: APIRequest.Purpose) async -> KubernetesError {
        let error = await failure.described(configuration: configuration, purpose: purpose, now: options.time.date())
        if error.category == .unreachable { recovery.failed() }
        return error
    }
}
