import AsyncHTTPClient
import NIOHTTP1
import Synchronization

/// The HTTP clients of watches.
///
/// To a server that speaks HTTP/2 a watch is one stream of a connection that it shares with others: a connection of its own would cost
/// a TLS handshake and tens of kilobytes, on either side. The streams of a connection are limited (on the API server 250, since
/// 1.29 100), a client of AsyncHTTPClient has one HTTP/2 connection for all that it is given, and what finds no stream there waits. So
/// there are as many clients as it takes for each to have no more than ``ClientOptions/watchesPerConnection``.
///
/// To all others, proxies among them, each watch has an HTTP/1.1 connection of its own. Which one it is, is known from the answers before:
/// a watch always follows a list. Where that changes, the first answer in the other version says so.
final class WatchClients: Sendable {
    private struct Shared {
        let client: HTTPClient
        var watches = 0
    }

    private struct State {
        var speaksHTTP2 = false
        var shared: [Shared] = []
    }

    private let state = Mutex(State())
    private let limit: Int
    private let single: HTTPClient
    private let makeShared: @Sendable () -> HTTPClient

    /// - Parameters:
    ///   - limit: how many watches share a client.
    ///   - single: the client for HTTP/1.1.
    ///   - makeShared: makes a client for HTTP/2.
    init(limit: Int, single: HTTPClient, makeShared: @escaping @Sendable () -> HTTPClient) {
        self.limit = max(1, limit)
        self.single = single
        self.makeShared = makeShared
    }

    /// How many watches share connections at the moment.
    var open: Int { state.withLock { $0.shared.reduce(0) { $0 + $1.watches } } }

    /// How many connections that takes.
    var connections: Int { state.withLock { $0.shared.count { $0.watches > 0 } } }

    /// The server, or a proxy before it, has answered in this version.
    func answered(in version: HTTPVersion) { state.withLock { $0.speaksHTTP2 = version.major == 2 } }

    /// Runs one watch, which has its place at the client until the body ends.
    func with<Result: Sendable>(_ body: (HTTPClient) async throws -> Result) async throws -> Result {
        guard let (index, client) = enter() else { return try await body(single) }
        defer { state.withLock { $0.shared[index].watches -= 1 } }
        return try await body(client)
    }

    /// The first one that has room: so those behind it become empty where there are fewer watches, and their connections end.
    private func enter() -> (Int, HTTPClient)? {
        state.withLock { state in
            guard state.speaksHTTP2 else { return nil }
            var index = state.shared.startIndex
            while index < state.shared.endIndex, state.shared[index].watches >= limit { index += 1 }
            if index == state.shared.endIndex { state.shared.append(Shared(client: makeShared())) }
            state.shared[index].watches += 1
            return (index, state.shared[index].client)
        }
    }

    /// Must be called once, when no watch is under way.
    func shutdown() async throws {
        try await single.shutdown()
        for shared in state.withLock(\.shared) { try await shared.client.shutdown() }
    }
}
