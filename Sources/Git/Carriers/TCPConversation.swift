import NIOCore
import NIOPosix

/// The protocol of `git daemon` (`git://`): unencrypted and without credentials, on port 9418.
///
/// Source: gitprotocol-pack(5), "Git Transport"; the version travels behind a second NUL.
enum TCPCarrier {
    nonisolated(nonsending) static func converse<Value: Sendable>(
        _ remote: RemoteURL, options: GitOptions, watchdog: Watchdog,
        _ body: nonisolated(nonsending) (any Conversation) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        do {
            watchdog.beginWait()
            let channel = try await connect(remote, timeout: options.deadlines.connect)
            watchdog.endWait()
            let result: Result<Value, GitError> = try await channel.executeThenClose { inbound, outbound in
                let conversation = TCPConversation(
                    inbound: inbound.makeAsyncIterator(), outbound: outbound, remote: remote, limits: options.limits,
                    watchdog: watchdog)
                let value: Result<Value, GitError>
                do throws(GitError) { value = .success(try await body(conversation)) } catch { value = .failure(error) }
                try? await outbound.write(ByteBuffer(bytes: Packet.flush.encoded))
                return value
            }
            return try result.get()
        } catch {
            watchdog.endWait()
            throw HTTPFailure.error(error, remote: remote)
        }
    }

    private static func connect(
        _ remote: RemoteURL, timeout: Duration
    ) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(timeout))
            .connect(host: remote.host, port: remote.port ?? 9418) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
                }
            }
    }
}

private final class TCPConversation: Conversation, ByteSource {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let remote: RemoteURL
    private let limits: GitLimits
    private let watchdog: Watchdog
    private var reader: PacketReader?

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, remote: RemoteURL, limits: GitLimits, watchdog: Watchdog
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.remote = remote
        self.limits = limits
        self.watchdog = watchdog
    }

    nonisolated(nonsending) func advertisement() async throws(GitError) -> Advertisement {
        let call = "git-upload-pack \(remote.path)\0host=\(remote.authority)\0\0version=2\0"
        let reader = PacketReader(self, limit: limits.refs)
        self.reader = reader
        try await write(Packet.data(Array(call.utf8)).encoded)
        return try await reader.advertisement(of: .uploadPack)
    }

    nonisolated(nonsending) func send(_ request: [UInt8]) async throws(GitError) -> PacketReader {
        guard let reader else { throw ProtocolError.unexpected("a request before its first words") }
        reader.allow(limits.pack)
        try await write(request)
        return reader
    }

    nonisolated(nonsending) private func write(_ bytes: [UInt8]) async throws(GitError) {
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do { try await outbound.write(ByteBuffer(bytes: bytes)) } catch {
            throw HTTPFailure.error(error, remote: remote)
        }
    }

    nonisolated(nonsending) func read() async throws(GitError) -> [UInt8]? {
        watchdog.beginWait()
        defer { watchdog.endWait() }
        do {
            while let buffer = try await inbound.next(isolation: #isolation) {
                if buffer.readableBytes > 0 { return Array(buffer.readableBytesView) }
            }
            return nil
        } catch {
            throw HTTPFailure.error(error, remote: remote)
        }
    }
}
