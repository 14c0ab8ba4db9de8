import Subprocess
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A server in the background that can't outlive the test process.
///
/// It runs under a small script that waits on its standard input, a pipe which only this process holds: when the test
/// process ends, however it ends, the pipe closes, and the script stops the server with its workers (the script leads
/// their process group) and deletes its folder. (`PR_SET_PDEATHSIG` would fire when the *thread* that started the server
/// ends.)
public final class BackgroundServer: Sendable {
    private let task: Task<Void, Never>

    private static let script = """
        folder=$1; shift
        "$@" </dev/null >"$folder/output.log" 2>&1 &
        server=$!
        cat >/dev/null
        trap '' TERM
        kill -TERM 0
        wait $server
        rm -rf "$folder"
        """

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - folder: deleted when the server has stopped; `output.log` in it gets what the server says.
    ///   - ports: those that it is to listen on; this returns when it does on all of them.
    ///   - socket: the path of the Unix domain socket that it is to listen on.
    public init(
        _ program: String, _ arguments: [String], folder: String, ports: [Int], socket: String? = nil,
        variables: [String: String] = [:]
    ) async throws {
        guard let path = Program.find(program) else { throw Requirement.Unmet(description: "\(program) isn't there") }
        var updates: [Environment.Key: String?] = [:]
        for (name, value) in variables {
            if let key = Environment.Key(rawValue: name) { updates[key] = value }
        }
        let environment = Environment.inherit.updating(updates)
        var options = PlatformOptions()
        options.processGroupID = 0
        let configuration = Configuration(
            executable: .name("sh"), arguments: Arguments(["-c", Self.script, "sh", folder, path] + arguments),
            environment: environment, platformOptions: options)
        let done = AsyncStream<Void>.makeStream()
        let isStopped = done.stream
        task = Task.detached {
            do {
                _ = try await Subprocess.run(
                    configuration, input: .inputWriter, output: .discarded, error: .discarded
                ) { execution in
                    for await _ in isStopped {}
                    try await execution.standardInputWriter.finish()
                }
            } catch {
                // Starting is checked below by whether the server answers.
                return
            }
        }
        stream = done.continuation
        for port in ports { try await Self.awaitAnswer(port: port, log: folder + "/output.log") }
        if let socket { try await Self.awaitAnswer(socket: socket, log: folder + "/output.log") }
    }

    private let stream: AsyncStream<Void>.Continuation

    /// Stops the server and waits until it has ended.
    public func stop() async {
        stream.finish()
        await task.value
    }

    deinit { stream.finish() }

    /// A port on loopback that nothing listens on, and that is given to nobody else in this process.
    ///
    /// Below those that Linux gives to whoever asks for any port (32768 and up, ip_local_port_range), for connections too: one of
    /// those could be taken before its server has come to listen, or be somebody's where nobody is meant to be.
    public static func freePort() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 10_240..<32_768)
            guard givenPorts.withLock({ $0.insert(port).inserted }) else { continue }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw Program.Failure(description: "no socket") }
            defer { close(descriptor) }
            var address = loopback(port)
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isBound { return port }
        }
        throw Program.Failure(description: "no free port")
    }

    private static let givenPorts = Mutex<Set<Int>>([])

    static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func awaitAnswer(port: Int, log: String) async throws {
        try await Self.await(log: log, what: "port \(port)") {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = loopback(port)
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
    }

    /// A server's socket is there before it listens on it, so that its path says nothing.
    private static func awaitAnswer(socket path: String, log: String) async throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isLong = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard path.utf8.count < place.count else { return true }
            place.copyBytes(from: path.utf8)
            return false
        }
        if isLong { throw Program.Failure(description: "the path of the socket is too long: \(path)") }
        try await Self.await(log: log, what: path) {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        }
    }

    /// Another program's readiness can only be asked for, again and again.
    private static func await(log: String, what: String, _ isReady: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while !isReady() {
            guard ContinuousClock.now < end else {
                let words = (try? await Program.run("cat", [log])) ?? ""
                throw Program.Failure(description: "the server doesn't answer at \(what): \(words)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
