import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Sandbox
import Testing

/// A sandbox lives as long as the body that it was started for.
@Suite(.timeLimit(.minutes(15))) struct LifetimeTests {
    @Test func `many run side by side, each with its own objects`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 {
                group.addTask {
                    try await Sandbox.run { sandbox in
                        try sandbox.createNamespace("only-\(number)")
                        try await SandboxClient.with(sandbox, token: sandbox.administrator.token) { client in
                            let items = try await client.get("/api/v1/namespaces").object["items"]?.array
                            #expect(
                                items?.map { $0["metadata", "name"] } == ["default", .string("only-\(number)")])
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `an open watch does not keep it`() async throws {
        struct Done: Error {}
        await #expect(throws: Done.self) {
            try await Sandbox.run { sandbox in
                try await SandboxClient.with(sandbox, token: sandbox.administrator.token) { client in
                    let response = try await client.open("/api/v1/pods?watch=true")
                    #expect(response.status == .ok)
                    throw Done()
                }
            }
        }
    }

    @Test func `a port that is taken is an error`() async throws {
        try await Sandbox.run { sandbox in
            let port = try #require(sandbox.server.split(separator: ":").last.flatMap { Int($0) })
            await #expect(throws: IOError.self) { try await Sandbox.run(.init(port: port)) { _ in } }
        }
    }
}
