import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that answers HTTP/1.1 requests byte for byte as a test says, wrong answers and silence included.
final class FaultServer: Sendable {
    struct Request: Sendable {
        /// `GET /version HTTP/1.1`.
        var line: String
        /// Line and headers.
        var head: String
        var body: String

        func header(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }

        /// The values of one query item, still encoded.
        func query(_ name: String) -> String? {
            let target = line.split(separator: " ").dropFirst().first ?? ""
            guard let mark = target.firstIndex(of: "?") else { return nil }
            return target[target.index(after: mark)...].split(separator: "&")
                .first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
    }

    enum Action: Sendable {
        case send(String)
        /// Closes the connection without a word of TLS or HTTP.
        case close
    }

    private struct State {
        var requests: [Request] = []
        var closed = 0
        var waiters: [(isMet: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let channel: any Channel
    private let state: SharedState

    private final class SharedState: Sendable {
        let value = Mutex(State())

        func update(_ change: (inout State) -> Void) {
            let ready = value.withLock { state in
                change(&state)
                let waiters = state.waiters
                let now = state
                state.waiters = waiters.filter { !$0.isMet(now) }
                return waiters.filter { $0.isMet(now) }.map(\.continuation)
            }
            for continuation in ready { continuation.resume() }
        }

        func wait(_ isMet: @escaping @Sendable (State) -> Bool) async {
            await withCheckedContinuation { continuation in
                let isReady = value.withLock { state in
                    if isMet(state) { return true }
                    state.waiters.append((isMet, continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// - Parameter answer: what to do about the nth request, counted from 0 over all connections.
    static func start(
        host: String = "127.0.0.1", tls: TLSConfiguration? = nil,
        _ answer: @escaping @Sendable (_ number: Int, _ request: Request) -> [Action]
    ) async throws -> FaultServer {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let state = SharedState()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Connection(state: state, answer: answer))
                }
            }
            .bind(host: host, port: 0).get()
        return FaultServer(channel: channel, state: state)
    }

    private init(channel: any Channel, state: SharedState) {
        self.channel = channel
        self.state = state
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    func stop() async throws { try await channel.close() }

    var requests: [Request] { state.value.withLock { $0.requests } }

    /// Waits until so many requests have come in.
    func received(_ count: Int) async { await state.wait { $0.requests.count >= count } }

    /// Waits until so many connections have been closed by the client or the server.
    func closed(_ count: Int) async { await state.wait { $0.closed >= count } }

    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let state: SharedState
        private let answer: @Sendable (Int, Request) -> [Action]
        private var buffer = ""

        init(state: SharedState, answer: @escaping @Sendable (Int, Request) -> [Action]) {
            self.state = state
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            buffer += String(buffer: unwrapInboundIn(data))
            while let request = nextRequest() {
                var number = 0
                state.update { state in
                    number = state.requests.count
                    state.requests.append(request)
                }
                for action in answer(number, request) { perform(action, context) }
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.update { $0.closed += 1 }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func perform(_ action: Action, _ context: ChannelHandlerContext) {
            switch action {
            case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .close: context.close(promise: nil)
            }
        }

        private func nextRequest() -> Request? {
            guard let end = buffer.firstRange(of: "\r\n\r\n") else { return nil }
            let head = String(buffer[..<end.lowerBound])
            var request = Request(line: String(head.split(separator: "\r\n").first ?? ""), head: head, body: "")
            let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
            let rest = buffer[end.upperBound...]
            guard rest.utf8.count >= length else { return nil }
            request.body = String(rest.prefix(length))
            buffer = String(rest.dropFirst(length))
            return request
        }
    }
}

/// Whole and partial HTTP answers.
extension FaultServer.Action {
    static func answer(_ status: Int, _ body: String, headers: [String] = []) -> Self {
        let extra = headers.map { $0 + "\r\n" }.joined()
        return .send(
            "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// The head of an answer that comes in chunks, as a watch's does.
    static let stream = Self.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")

    static func chunk(_ text: String) -> Self {
        .send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
    }

    static let endOfStream = Self.send("0\r\n\r\n")
}
