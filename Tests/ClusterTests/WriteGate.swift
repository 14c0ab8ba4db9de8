import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import TestServers

/// Stands between `descry` and the API server, passes everything on, and at one of the writes cuts for ever: nothing that is
/// asked for from then on is passed on or answered, so that the process can be killed exactly there.
///
/// One write at a time, so that none is carried out beside the one that is the last. Only writes that the API server carried out
/// count. Events, which are no state, do not.
final class WriteGate: Sendable {
    enum Moment: Sendable, Hashable {
        /// The write of this number, counted from 1, is not passed on.
        case before(Int)
        /// It is, and its answer is not.
        case after(Int)
        /// Writes are only counted.
        case never
    }

    private struct State {
        var writes: [String] = []
        var isReached = false
    }

    /// `https://127.0.0.1:PORT`
    let server: String
    /// Path of the certificate authority's PEM file.
    let certificateAuthority: String
    private let passage: Passage

    /// What was carried out, in order: `PATCH statefulsets/backend`.
    var writes: [String] { passage.state.withLock(\.writes) }
    var isReached: Bool { passage.state.withLock(\.isReached) }

    /// Waits until it cuts.
    func untilReached() async {
        for await _ in passage.cuts { return }
    }

    private init(port: Int, certificateAuthority: String, passage: Passage) {
        server = "https://127.0.0.1:\(port)"
        self.certificateAuthority = certificateAuthority
        self.passage = passage
    }

    static func run<Result: Sendable>(
        _ plane: ControlPlane, _ moment: Moment, _ body: (WriteGate) async throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        let authority = try await PrivateAuthority(folder: folder.path)
        let identity = try await authority.issue("gate", names: "IP:127.0.0.1")
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(plane.certificateAuthority)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 100
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome: Swift.Result<Result, any Error>
        do {
            let passage = Passage(target: plane.server, client: client, moment: moment)
            outcome = .success(
                try await serve(passage, identity) { port in
                    try await body(
                        WriteGate(port: port, certificateAuthority: authority.certificate, passage: passage))
                })
        } catch {
            outcome = .failure(error)
        }
        try await client.shutdown()
        return try outcome.get()
    }

    private static func serve<Result: Sendable>(
        _ passage: Passage, _ identity: PrivateAuthority.Identity, _ body: (Int) async throws -> Result
    ) async throws -> Result {
        let (ports, started) = AsyncStream<Int>.makeStream()
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: identity.key, format: .pem)))
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await passage.answer(request) },
            server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { started.yield($0.localAddress?.port ?? 0) },
            logger: TestOutput.logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { started.finish() }
                try await application.run()
            }
            defer { group.cancelAll() }
            var running = ports.makeAsyncIterator()
            guard let port = await running.next() else { throw CancellationError() }
            return try await body(port)
        }
    }

    /// Passes the requests on.
    private final class Passage: Sendable {
        let state = Mutex(State())
        let cuts: AsyncStream<Void>
        private let cut: AsyncStream<Void>.Continuation
        private let target: String
        private let client: HTTPClient
        private let moment: Moment
        private let line = Line()

        init(target: String, client: HTTPClient, moment: Moment) {
            self.target = target
            self.client = client
            self.moment = moment
            (cuts, cut) = AsyncStream<Void>.makeStream()
        }

        func answer(_ request: Request) async throws -> Response {
            if state.withLock(\.isReached) { return unanswered() }
            let isState = !["/events", "/selfsubjectaccessreviews"].contains { request.uri.path.hasSuffix($0) }
            guard request.method != .get, isState, !(request.uri.query ?? "").contains("dryRun") else {
                return try await pass(request)
            }
            await line.enter()
            do {
                let response = try await write(request)
                await line.leave()
                return response ?? unanswered()
            } catch {
                await line.leave()
                throw error
            }
        }

        /// Nil where it is not to be answered.
        private func write(_ request: Request) async throws -> Response? {
            let isLast = state.withLock { state in
                if moment == .before(state.writes.count + 1) { state.isReached = true }
                return state.isReached
            }
            if isLast {
                cut.yield()
                return nil
            }
            let response = try await pass(request)
            guard (200..<300).contains(response.status.code) else { return response }
            let words = request.uri.path.split(separator: "/")
            let object = words.drop { $0 != "namespaces" }.dropFirst(2).joined(separator: "/")
            let isOver = state.withLock { state in
                state.writes.append("\(request.method.rawValue) \(object)")
                if moment == .after(state.writes.count) { state.isReached = true }
                return state.isReached
            }
            guard isOver else { return response }
            cut.yield()
            return nil
        }

        private func pass(_ request: Request) async throws -> Response {
            var passed = HTTPClientRequest(url: target + request.uri.string)
            passed.method = HTTPMethod(rawValue: request.method.rawValue)
            for field in request.headers where !Self.isOfConnection(field.name) {
                passed.headers.add(name: field.name.rawName, value: field.value)
            }
            let body = try await request.body.collect(upTo: 8 << 20)
            if body.readableBytes > 0 { passed.body = .bytes(body) }
            let answer = try await client.execute(passed, deadline: .distantFuture)
            var headers = HTTPFields()
            for (name, value) in answer.headers {
                if let name = HTTPField.Name(name), !Self.isOfConnection(name) {
                    headers.append(HTTPField(name: name, value: value))
                }
            }
            return Response(
                status: .init(code: Int(answer.status.code)), headers: headers,
                body: ResponseBody(asyncSequence: answer.body))
        }

        private static func isOfConnection(_ name: HTTPField.Name) -> Bool {
            ["host", "connection", "transfer-encoding", "content-length"].contains(name.canonicalName)
        }

        /// An answer that never ends, before the gate is closed.
        private func unanswered() -> Response {
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    let (stream, continuation) = AsyncStream<Void>.makeStream()
                    for await _ in stream {}
                    continuation.finish()
                    try await writer.finish(nil)
                })
        }
    }

    private actor Line {
        private var isBusy = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func enter() async {
            if isBusy { return await withCheckedContinuation { waiting.append($0) } }
            isBusy = true
        }

        func leave() {
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
    }
}
