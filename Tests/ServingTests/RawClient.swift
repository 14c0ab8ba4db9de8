import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP connection whose bytes the test decides: requests that no well-behaved client sends.
enum RawClient {
    /// Connects, and closes the connection when the body ends.
    static func connect<Result: Sendable>(
        port: Int, _ body: (Conversation) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(Conversation(inbound: inbound.makeAsyncIterator(), outbound: outbound))
        }
    }

    final class Conversation {
        fileprivate var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        /// Everything that came.
        private(set) var received = ""

        fileprivate init(
            inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
            outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.inbound = inbound
            self.outbound = outbound
        }

        func send(_ text: String) async throws {
            try await outbound.write(ByteBuffer(string: text))
        }

        /// Reads until the text is there.
        ///
        /// - Returns: false where the server closed the connection before.
        func read(until text: String) async throws -> Bool {
            while !received.contains(text) {
                guard let piece = try await inbound.next() else { return false }
                received += String(buffer: piece)
            }
            return true
        }

        /// Reads until the server closes the connection.
        func readToEnd() async throws -> String {
            do {
                while let piece = try await inbound.next() { received += String(buffer: piece) }
            } catch let error as IOError where error.errnoCode == ECONNRESET {
                // It is closed all the same.
            }
            return received
        }
    }
}
