import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// A watch: one JSON object a line, until its time is over, the client leaves, or a fault cuts it.
///
/// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>.
struct Watching: Sendable {
    let store: ObjectStore
    let faults: Faults
    let selection: Selection
    let representation: Representation
    /// Where to begin; nil to begin with all objects that are there now.
    let start: Int?
    let sendsBookmarks: Bool
    let bookmarkInterval: Duration
    let timeout: Duration
    /// How often watches had been cut when this one began.
    private let cuts: Int

    init(
        _ request: APIRequest, _ selection: Selection, _ representation: Representation, store: ObjectStore,
        faults: Faults, bookmarkInterval: Duration
    ) throws(StatusError) {
        self.store = store
        self.faults = faults
        self.selection = selection
        self.representation = representation
        self.bookmarkInterval = bookmarkInterval
        cuts = faults.watchCuts
        guard !request.flag("sendInitialEvents") else {
            throw .invalidOptions(
                "ListOptions", field: "sendInitialEvents", reason: "FieldValueForbidden",
                "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
        }
        let version = request.query["resourceVersion"] ?? ""
        guard version.isEmpty || UInt(version) != nil else { throw .unreadableVersion(version) }
        start = Int(version).flatMap { $0 == 0 ? nil : $0 }
        sendsBookmarks = request.flag("allowWatchBookmarks")
        // The API server's own default is a random time between these two, so that watches do not all end at once.
        let seconds = try request.number("timeoutSeconds") ?? 0
        timeout = .seconds(seconds > 0 ? seconds : Int.random(in: 1800...3600))
    }

    func response(to request: Request) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache, private"],
            body: ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await send(&writer)
                }
                try await writer.finish(nil)
            })
    }

    private func send(_ writer: inout any ResponseBodyWriter) async throws {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var events = WatchEvents(self)
        // Listened to from before the first read on, so that no write goes unnoticed.
        let (signals, faultSignals) = (store.signals(), faults.signals())
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { for await _ in signals { wake.yield() } }
            group.addTask { for await _ in faultSignals { wake.yield() } }
            let clock = ContinuousClock()
            let bookmarks = BookmarkTimes(
                began: clock.now, interval: bookmarkInterval, last: clock.now + timeout - .seconds(2))
            let end = bookmarks.began + timeout
            var bookmark = bookmarks.next(after: bookmarks.began)
            group.addTask {
                try await clock.sleep(until: end)
                wake.yield()
            }
            if sendsBookmarks {
                group.addTask {
                    var next = bookmarks.next(after: bookmarks.began)
                    while let time = next {
                        try await clock.sleep(until: time)
                        wake.yield()
                        next = bookmarks.next(after: time)
                    }
                }
            }
            wake.yield()
            for await _ in wakes {
                guard faults.watchCuts == cuts else { throw Faults.Cut() }
                var lines = try events.next()
                if sendsBookmarks, !events.isOver, let due = bookmark, clock.now >= due {
                    lines.writeBytes(try events.bookmark())
                    bookmark = bookmarks.next(after: clock.now)
                }
                if lines.readableBytes > 0 { try await writer.write(lines) }
                if events.isOver || clock.now >= end { return }
            }
        }
    }
}

/// A bookmark is sent at an interval, and two seconds before the end, as the API server does.
private struct BookmarkTimes {
    let began: ContinuousClock.Instant
    let interval: Duration
    let last: ContinuousClock.Instant

    func next(after time: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard time < last else { return nil }
        let passed = Int((time - began) / interval)
        let next = began + interval * (passed + 1)
        return min(next > time ? next : next + interval, last)  // a quotient may be rounded down
    }
}

/// The lines of one watch, in order.
private struct WatchEvents {
    let watching: Watching
    private var resourceVersion: Int?
    private var hasSentColumns = false
    /// An error was sent, after which nothing follows.
    private(set) var isOver = false

    init(_ watching: Watching) {
        self.watching = watching
        resourceVersion = watching.start
    }

    /// What has happened since the last call.
    mutating func next() throws -> ByteBuffer {
        var lines = ByteBuffer()
        guard let since = resourceVersion else {
            let selection = watching.selection
            let (items, version) = watching.store.list(selection.resource, namespace: selection.namespace)
            for item in items where selection.matches(item) {
                lines.writeBytes(try line("ADDED", item))
            }
            resourceVersion = version
            return lines
        }
        do {
            let changes = try watching.store.changes(since: since)
            for change in changes {
                guard let (kind, object) = watching.selection.view(change) else { continue }
                lines.writeBytes(try line(kind.rawValue, object))
            }
            resourceVersion = max(since, changes.last?.resourceVersion ?? since)
        } catch let error as StatusError {
            isOver = true
            let event: JSONValue = ["type": "ERROR", "object": error.object]
            lines.writeBytes(try event.json() + Data("\n".utf8))
        }
        return lines
    }

    func bookmark() throws -> Data {
        let resource = watching.selection.resource
        let event: JSONValue = [
            "type": "BOOKMARK",
            "object": [
                "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion),
                "metadata": [
                    "resourceVersion": .string(String(resourceVersion ?? 0)), "creationTimestamp": .null,
                ],
            ],
        ]
        return try event.json() + Data("\n".utf8)
    }

    private mutating func line(_ type: String, _ object: JSONValue) throws -> Data {
        var shown = object
        if case .table(let includeObject) = watching.representation {
            shown = Table.table(
                watching.selection.resource, [object], metadata: .object([:]), includeObject: includeObject,
                hasColumns: !hasSentColumns)
            hasSentColumns = true
        }
        let event: JSONValue = ["type": .string(type), "object": shown]
        return try event.json() + Data("\n".utf8)
    }
}
