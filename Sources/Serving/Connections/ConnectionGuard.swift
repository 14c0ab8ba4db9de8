import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends a connection whose request takes too long, whose client does not take its answer, or that was told that it ends.
///
/// A client that is refused while it is still sending gets a moment to read why: a connection that is closed with unread
/// bytes in it is reset, and the answer is lost with it (RFC 9112, 9.6).
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: OpenConnections
    private let deadline: TimeAmount
    private let linger: TimeAmount
    private var isReading = false
    /// Requests whose answer is not written yet; more than one where a client does not wait.
    private var pending = 0
    private var isLast = false
    private var isAnswered = false
    private var timer: Scheduled<Void>?

    init(connections: OpenConnections, limits: ServerLimits) {
        self.connections = connections
        deadline = TimeAmount(limits.requestDeadline)
        linger = TimeAmount(limits.linger)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connections.opened(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        connections.closed(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            pending += 1
            if timer == nil { close(context, in: deadline) }
        case .body: break
        case .end:
            isReading = false
            if isAnswered { readAnswered(context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isLast = isLast || head.headerFields[.connection]?.lowercased() == "close"
        case .body: break
        case .end:
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
            written.futureResult.whenSuccess { bound.value.handler.answered(bound.value.context) }
            context.write(data, promise: written)
            return
        }
        context.write(data, promise: promise)
    }

    /// The last byte of an answer was handed to the operating system.
    private func answered(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        pending -= 1
        if isReading, pending == 0 {
            // Whoever is still sending what nobody reads any more is not listened to for ever.
            isAnswered = true
            close(context, in: linger)
        } else if isLast {
            context.close(promise: nil)
        } else if pending > 0 {
            close(context, in: deadline)
        }
    }

    /// The rest of a request came to its end after its answer.
    private func readAnswered(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        isAnswered = false
        if isLast { context.close(promise: nil) }
    }

    private func close(_ context: ChannelHandlerContext, in delay: TimeAmount) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: delay) { bound.value.close(promise: nil) }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
