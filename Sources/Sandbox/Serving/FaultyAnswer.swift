import HTTPTypes
import Hummingbird
import NIOCore
import NIOSSL

/// An answer that goes wrong as it was asked to.
struct FaultyAnswer {
    let fault: Faults.Fault
    let request: Request
    let channel: any Channel

    func response(_ answer: () async throws -> Response) async throws -> Response {
        switch fault {
        case .refusal(429, let retryAfter):
            // What limits requests sits before what speaks of objects, so this one is no Status.
            var response = Answer.text("Too many requests, please try again later.\n", status: .tooManyRequests)
            response.headers[.retryAfter] = String(retryAfter ?? 1)
            return response
        case .refusal(let code, let retryAfter):
            return try Answer.refusal(Self.status(code, retryAfter))
        case .hang:
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await ContinuousClock().sleep(for: .seconds(3600 * 24))
            }
            throw Faults.Cut()
        case .reset:
            try await Connections.reset(channel)
            throw Faults.Cut()
        case .slowBody(let size, let pause):
            return try await answer().inPieces(of: size) { _ in try await ContinuousClock().sleep(for: pause) }
        case .cutBody(let limit):
            return try await answer().inPieces(of: 1) { sent in if sent >= limit { throw Faults.Cut() } }
        case .rival:
            return try await answer()
        }
    }

    private static func status(_ code: Int, _ retryAfter: Int?) -> StatusError {
        let (reason, message) =
            switch code {
            case 403: ("Forbidden", "forbidden: an injected fault")
            case 503: ("ServiceUnavailable", "the server is currently unable to handle the request")
            case 504: ("Timeout", "the server was unable to return a response in the time allotted")
            default: ("InternalError", "Internal error occurred: an injected fault")
            }
        return StatusError(code: code, reason: reason, message: message, retryAfter: retryAfter)
    }
}

extension Response {
    /// The same answer with a body in pieces; the closure is called before each, with the number of bytes sent.
    fileprivate func inPieces(
        of size: Int, _ before: @escaping @Sendable (Int) async throws -> Void
    ) -> Response {
        let whole = body
        return Response(
            status: status, headers: headers,
            body: ResponseBody { writer in
                try await whole.write(Pieces(size: size, before: before, whole: writer))
            })
    }
}

private struct Pieces: ResponseBodyWriter {
    let size: Int
    let before: @Sendable (Int) async throws -> Void
    var whole: any ResponseBodyWriter
    var sent = 0

    mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        while let piece = buffer.readSlice(length: min(size, buffer.readableBytes)), piece.readableBytes > 0 {
            try await before(sent)
            try await whole.write(piece)
            sent += piece.readableBytes
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await whole.finish(trailingHeaders)
    }
}
