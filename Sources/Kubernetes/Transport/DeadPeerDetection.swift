import NIOCore

/// Has the operating system notice, within about a minute, a peer that vanished without a word. Otherwise every request on
/// the shared HTTP/2 connection would wait for its own timeout (kubernetes/client-go#374).
enum DeadPeerDetection {
    #if os(Linux)
        // <netinet/tcp.h>; the times are in seconds but for the last, which is in milliseconds.
        private static let options: [(name: Int, value: Int)] = [
            (4, 30),  // TCP_KEEPIDLE
            (5, 10),  // TCP_KEEPINTVL
            (6, 3),  // TCP_KEEPCNT
            (18, 60_000),  // TCP_USER_TIMEOUT
        ]
    #else
        private static let options: [(name: Int, value: Int)] = []
    #endif

    @Sendable static func enable(on channel: any Channel) -> EventLoopFuture<Void> {
        let settings = options.map { option in
            channel.setOption(
                ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: CInt(option.name))),
                value: ChannelOptions.Types.SocketOption.Value(option.value))
        }
        return EventLoopFuture.andAllSucceed(
            settings + [channel.setOption(.socketOption(.so_keepalive), value: 1)], on: channel.eventLoop)
    }
}
