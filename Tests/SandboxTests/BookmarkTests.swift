import AsyncHTTPClient
import NIOCore
import Sandbox
import Testing

/// What the conformance suite cannot see, because a real server's interval is a minute.
@Suite(.timeLimit(.minutes(15))) struct BookmarkTests {
    @Test func `bookmarks come at the interval, and tell of writes that the watch does not show`() async throws {
        try await SandboxClient.run(.init(bookmarkInterval: .milliseconds(20))) { sandbox, client in
            let map: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]]
            let made = try sandbox.create(map, namespace: "shop")
            let version = try #require(made["metadata", "resourceVersion"]?.string)
            let response = try await client.open("/api/v1/pods?watch=true&allowWatchBookmarks=true")
            var bookmarks = 0
            for try await chunk in response.body {
                let text = String(buffer: chunk)
                bookmarks += text.split(separator: "\n").count { $0.contains(#""type":"BOOKMARK""#) }
                #expect(text.contains("\"resourceVersion\":\"\(version)\""))
                if bookmarks >= 3 { break }
            }
            #expect(bookmarks >= 3)
        }
    }
}
