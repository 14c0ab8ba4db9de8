import Dispatch
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Stands before a real server on loopback and passes everything on, but for some answers, which it lets the server give and then
/// keeps to itself: the connection is cut in their place.
public final class CuttingProxy: Sendable {
    public let port: Int
    private let listener: Int32
    private let rule: Rule
    private let cutsLeft: Mutex<Int>

    /// Which answers are cut.
    struct Rule: Sendable {
        /// In what the client sends.
        let request: [UInt8]
        /// In what the server answers: once it has said so, the connection is cut.
        let answer: [UInt8]
    }

    /// - Parameters:
    ///   - server: the port that the real server listens on.
    ///   - cuts: how many answers are kept back.
    ///   - request: what the requests have in them whose answers these are.
    ///   - answer: what such an answer has in it.
    public init(server: Int, cuts: Int, request: String, answer: String) throws {
        rule = Rule(request: Array(request.utf8), answer: Array(answer.utf8))
        cutsLeft = Mutex(cuts)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = BackgroundServer.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                    && listen(descriptor, 64) == 0
            }
        }
        guard descriptor >= 0, isListening else { throw Program.Failure(description: "no socket to listen on") }
        listener = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        DispatchQueue(label: "descry.proxy").async { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                let proxy = self
                DispatchQueue(label: "descry.proxy.connection").async { proxy?.serve(connection, server) }
            }
        }
    }

    deinit {
        // Wakes the accepting thread, which ends then.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// How many answers are still to be cut.
    public var remaining: Int { cutsLeft.withLock { $0 } }

    private func serve(_ client: Int32, _ port: Int) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(server)
        }
        var address = BackgroundServer.loopback(port)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return }
        var asked: [UInt8] = []
        var answered: [UInt8] = []
        var isHeldBack = false
        while true {
            var waits = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waits, 2, -1) > 0 else { return }
            if waits[0].revents != 0 {
                guard let bytes = Self.receive(client).map(Self.unpressed), Self.send(bytes, to: server) else { return }
                asked += bytes
                if !isHeldBack, asked.firstRange(of: rule.request) != nil { isHeldBack = takesCut() }
            }
            if waits[1].revents != 0 {
                guard let bytes = Self.receive(server) else { return }
                answered += bytes
                if isHeldBack {
                    if answered.firstRange(of: rule.answer) != nil { return }
                } else if !Self.send(bytes, to: client) {
                    return
                }
            }
        }
    }

    /// A request that takes no compressed answer, in which nothing could be found.
    private static func unpressed(_ request: [UInt8]) -> [UInt8] {
        var result = request
        for name in ["ccept-Encoding:", "ccept-encoding:"] {
            guard let place = result.firstRange(of: Array(name.utf8)) else { continue }
            result[result.index(after: place.lowerBound)] = UInt8(ascii: "x")
        }
        return result
    }

    private func takesCut() -> Bool {
        cutsLeft.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }

    private static func receive(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { sendBytes(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

private func sendBytes(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
    send(descriptor, base, count, Int32(MSG_NOSIGNAL))
}
