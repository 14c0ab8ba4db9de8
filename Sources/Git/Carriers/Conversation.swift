/// One connection to a server's `git-upload-pack` or `git-receive-pack`, or what stands for one over HTTP.
protocol Conversation: AnyObject {
    /// The server's first words. To be called once, first.
    nonisolated(nonsending) func advertisement() async throws(GitError) -> Advertisement

    /// Sends a request and returns the reader of its answer, which must be read to its end before the next one.
    nonisolated(nonsending) func send(_ request: [UInt8]) async throws(GitError) -> PacketReader
}

/// Bytes that arrive from a server.
protocol ByteSource: AnyObject {
    /// The next piece, never empty; nil at the end.
    nonisolated(nonsending) func read() async throws(GitError) -> [UInt8]?
}

/// Packets from a ``ByteSource``, counted against a limit.
final class PacketReader {
    private let source: any ByteSource
    private var decoder = PacketDecoder()
    private var remaining: Int

    /// - Parameter limit: the most bytes to read in all.
    init(_ source: any ByteSource, limit: Int) {
        self.source = source
        remaining = limit
    }

    /// Sets a new limit, for the next answer over the same connection.
    func allow(_ bytes: Int) { remaining = bytes }

    /// The next packet.
    ///
    /// - Throws: `connection-lost` where the bytes end, `answer-too-large` where they don't.
    nonisolated(nonsending) func next(during what: String) async throws(GitError) -> Packet {
        while true {
            if let packet = try decoder.next() { return packet }
            guard let bytes = try await source.read() else { throw ProtocolError.truncated(what) }
            remaining -= bytes.count
            guard remaining >= 0 else {
                throw .refused("answer-too-large", "The git server's answer is larger than allowed, during \(what)")
            }
            decoder.append(bytes)
        }
    }

    nonisolated(nonsending) func advertisement(of service: Service) async throws(GitError) -> Advertisement {
        var parser = AdvertisementParser(service)
        while true {
            if let advertisement = try parser.receive(try await next(during: "its first words")) {
                return advertisement
            }
        }
    }
}
