import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Sandbox

/// The lines of a watch.
struct WatchEvents {
    struct Event: Sendable {
        /// ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
        let type: String
        let object: JSONValue

        var name: String { object["metadata", "name"]?.string ?? "" }
        var resourceVersion: String { object["metadata", "resourceVersion"]?.string ?? "" }
    }

    private var chunks: HTTPClientResponse.Body.AsyncIterator
    private var buffer = ByteBuffer()

    init(_ response: HTTPClientResponse) { chunks = response.body.makeAsyncIterator() }

    /// The next event; nil where the server has ended the watch. Throws where it says nothing for too long.
    mutating func next() async throws -> Event? {
        while true {
            let view = buffer.readableBytesView
            if let end = view.firstIndex(of: UInt8(ascii: "\n")) {
                let line = try JSONValue(json: Data(view[..<end]))
                buffer.moveReaderIndex(forwardBy: view.distance(from: view.startIndex, to: end) + 1)
                return Event(type: line["type"]?.string ?? "", object: line["object"] ?? .null)
            }
            guard var chunk = try await chunks.next() else { return nil }
            buffer.discardReadBytes()
            buffer.writeBuffer(&chunk)
        }
    }

    /// So many further events.
    mutating func next(_ count: Int) async throws -> [Event] {
        var events: [Event] = []
        while events.count < count, let event = try await next() { events.append(event) }
        return events
    }
}

extension APIClient {
    /// Runs the body with a watch, which ends with the body.
    func watch<Result>(
        _ path: String, _ query: [String: String] = [:], _ body: (inout WatchEvents) async throws -> Result
    ) async throws -> Result {
        let request = try request(.get, path, query.merging(["watch": "true"]) { $1 })
        let response = try await http.execute(request, timeout: .seconds(60))
        guard response.status == .ok else {
            let text = try await response.body.collect(upTo: 1 << 20)
            throw Refused(status: Int(response.status.code), text: String(buffer: text))
        }
        var events = WatchEvents(response)
        return try await body(&events)
    }
}
