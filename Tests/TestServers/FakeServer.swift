import Dispatch

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A TCP server that misbehaves in one way, for what no real server can be brought to do.
public final class FakeServer: Sendable {
    /// What happens on each connection, in order. The connection closes at the end of the steps.
    public enum Step: Sendable {
        /// Waits for some bytes from the client.
        case read
        case send([UInt8])
        /// Keeps the connection open and says nothing until the client closes it.
        case hang
        /// Sends one byte each so many milliseconds until the client closes the connection.
        case trickle(milliseconds: Int)
    }

    public let port: Int
    private let listener: Int32

    public init(_ steps: [Step]) throws {
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
        BlockingWork.start {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                BlockingWork.start { Self.serve(connection, steps) }
            }
        }
    }

    deinit {
        // Wakes the accepting thread, which ends then.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// A fake for HTTP: reads the request and sends this head and body.
    public static func http(_ head: String, body: [UInt8] = [], then steps: [Step] = []) throws -> FakeServer {
        let text = head.replacing("\n", with: "\r\n") + "\r\nConnection: close\r\n\r\n"
        return try FakeServer([.read, .send(Array(text.utf8) + body)] + steps)
    }

    private static func serve(_ connection: Int32, _ steps: [Step]) {
        defer { close(connection) }
        var buffer = [UInt8](repeating: 0, count: 65536)
        for step in steps {
            switch step {
            case .read:
                guard recv(connection, &buffer, buffer.count, 0) > 0 else { return }
            case .send(let bytes):
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            case .hang:
                while recv(connection, &buffer, buffer.count, 0) > 0 {}
            case .trickle(let milliseconds):
                var byte: UInt8 = 0x30
                while send(connection, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 { usleep(UInt32(milliseconds) * 1000) }
            }
        }
    }
}

/// A thread for calls that block: the fakes must not occupy the pools that the code under test runs on.
enum BlockingWork {
    static func start(_ body: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "descry.fake")
        queue.async(execute: body)
    }
}
