import Dispatch
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An HTTP server on loopback that keeps every request as it came, and answers as it is told to. For services that only exist
/// elsewhere, such as forges.
public final class RecordingServer: Sendable {
    public struct Request: Sendable, Hashable {
        public let method: String
        /// Path and query, as sent.
        public let target: String
        /// By lowercase name.
        public let headers: [String: String]
        public let body: String
    }

    public struct Response: Sendable {
        let status: Int
        let headers: [String: String]
        let body: String

        public init(_ status: Int, _ body: String = "", headers: [String: String] = [:]) {
            self.status = status
            self.body = body
            self.headers = headers
        }
    }

    private struct State {
        var requests: [Request] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    public let port: Int
    private let listener: Int32
    private let state: SharedState

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    /// - Parameter answer: is given a request and how many came before it.
    public init(_ answer: @escaping @Sendable (Request, Int) -> Response) throws {
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
        let state = SharedState()
        self.state = state
        BlockingWork.start {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                BlockingWork.start { Self.serve(connection, state, answer) }
            }
        }
    }

    deinit {
        // Wakes the accepting thread, which ends then.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Everything that came so far.
    public var requests: [Request] { state.value.withLock { $0.requests } }

    /// Waits until so many requests have come.
    @discardableResult
    public func requests(_ count: Int) async -> [Request] {
        await withCheckedContinuation { continuation in
            let isThere = state.value.withLock { state in
                if state.requests.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
        return requests
    }

    private static func serve(
        _ connection: Int32, _ state: SharedState, _ answer: @Sendable (Request, Int) -> Response
    ) {
        defer { close(connection) }
        guard let request = read(connection) else { return }
        let (before, woken) = state.value.withLock { state in
            state.requests.append(request)
            let count = state.requests.count
            let woken = state.waiters.filter { $0.count <= count }.map(\.continuation)
            state.waiters.removeAll { $0.count <= count }
            return (count - 1, woken)
        }
        let response = answer(request, before)
        var text =
            "HTTP/1.1 \(response.status) Answer\r\nConnection: close\r\nContent-Length: \(response.body.utf8.count)\r\n"
        if response.headers["Content-Type"] == nil { text += "Content-Type: application/json\r\n" }
        for (name, value) in response.headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
        let bytes = Array((text + "\r\n" + response.body).utf8)
        _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        for continuation in woken { continuation.resume() }
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
            if let request = parse(bytes) { return request }
        }
    }

    /// Nil until all of it is there.
    private static func parse(_ bytes: [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        guard let head = bytes.firstRange(of: end) else { return nil }
        let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first.map { $0.split(separator: " ") } ?? []
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let body = bytes[head.upperBound...]
        guard body.count >= headers["content-length"].flatMap({ Int($0) }) ?? 0 else { return nil }
        return Request(
            method: String(words[0]), target: String(words[1]), headers: headers,
            body: String(decoding: body, as: UTF8.self))
    }
}
