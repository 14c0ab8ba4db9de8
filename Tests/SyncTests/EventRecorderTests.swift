import FoundationEssentials
import Sandbox
import Scenes
import TestServers
import Testing
import Workloads

@testable import Kubernetes
@testable import Reconciling

/// Events are posted beside a pass, and whatever becomes of them, the pass is neither held up nor failed.
@Suite(.timeLimit(.minutes(15))) struct EventRecorderTests {
    typealias Scene = SandboxScene

    private static let creation = Faults.Match(verb: "create", resource: "events")
    private static let key = WorkloadKey(kind: .statefulSet, name: "backend")
    private static let events = (0..<20).map {
        WorkloadEvent(.rolloutFailed, key, uid: "u-1", "version \($0)")
    }

    /// Runs the body with a recorder whose token may create events, or may not.
    private func record(
        mayPost: Bool = true, _ body: @Sendable (EventRecorder, Scene) async throws -> Void
    ) async throws {
        try await Scene.run(["backend"]) { scene in
            let account =
                mayPost
                ? scene.deployer : scene.sandbox.account("reader", namespace: "shop", rules: [])
            try await scene.withCluster(account, .seconds(30)) { cluster in
                // A busy machine must not make it lose any.
                let recorder = EventRecorder(
                    cluster: cluster, environment: scene.environment, requestTimeout: .seconds(60))
                try await body(recorder, scene)
            }
        }
    }

    @Test func `every event is posted by the time of the flush`() async throws {
        try await record { recorder, scene in
            for event in Self.events { recorder.record(event) }
            #expect(await recorder.flush(within: .seconds(60)) == nil)
            let posted = try await scene.recorded()
            #expect(Set(posted.map(\.message)) == Set(Self.events.map(\.message)))
            #expect(posted.count == Self.events.count)
            #expect(posted.allSatisfy { $0.reason == "RolloutFailed" && $0.type == "Warning" })
            #expect(posted.allSatisfy { $0.involvedObject.name == "backend" && $0.involvedObject.uid == "u-1" })
            // Nothing to say, and nothing lost, the next time either.
            recorder.record(Self.events[0])
            #expect(await recorder.flush(within: .seconds(60)) == nil)
            #expect(try await scene.recorded().count == Self.events.count + 1)
        }
    }

    @Test func `a token that may not is told of once, and no request follows`() async throws {
        try await record(mayPost: false) { recorder, scene in
            for event in Self.events { recorder.record(event) }
            let note = try #require(await recorder.flush(within: .seconds(60)))
            #expect(note.contains("cannot create resource \"events\""), "\(note)")
            #expect(note.contains("descry rbac DEV"), "\(note)")
            // It would be met if one were sent.
            scene.sandbox.faults.inject(.refusal(500), into: Self.creation)
            for event in Self.events { recorder.record(event) }
            #expect(await recorder.flush(within: .seconds(60)) == nil)
            #expect(scene.sandbox.faults.met == 0)
            #expect(try await scene.recorded().isEmpty)
        }
    }

    @Test func `an event is tried once, and a lost one is counted`() async throws {
        try await record { recorder, scene in
            scene.sandbox.faults.inject(.refusal(503), into: Self.creation)
            recorder.record(Self.events[0])
            let note = try #require(await recorder.flush(within: .seconds(60)))
            #expect(note.hasPrefix("1 of 1 events on the workloads were not posted: "), "\(note)")
            #expect(scene.sandbox.faults.met == 1)
            // The count begins anew.
            recorder.record(Self.events[1])
            #expect(await recorder.flush(within: .seconds(60)) == nil)
            #expect(try await scene.recorded().map(\.message) == ["version 1"])
        }
    }

    /// No answer to any: only so many are asked, only so many kept, and the flush ends all of it.
    @Test func `an API server that hangs costs no more than the flush is given`() async throws {
        try await record { recorder, scene in
            scene.sandbox.faults.inject(.hang, into: Self.creation, times: 10_000)
            for event in (0..<105).flatMap({ _ in Self.events }) { recorder.record(event) }
            await scene.sandbox.faults.untilMet(EventRecorder.requestsInFlight)
            #expect(scene.sandbox.faults.met == EventRecorder.requestsInFlight)
            let note = try #require(await recorder.flush(within: .milliseconds(1)))
            #expect(note.hasPrefix("2100 of 2100 events on the workloads were not posted: "), "\(note)")
            #expect(try await scene.recorded().isEmpty)
        }
    }

    /// As a pass is that was interrupted: what it has done is told all the same.
    @Test func `a cancelled task posts and flushes`() async throws {
        try await record { recorder, scene in
            let pass = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                recorder.record(Self.events[0])
                return await recorder.flush(within: .seconds(60))
            }
            #expect(await pass.value == nil)
            let posted = try await scene.recorded()
            #expect(posted.count == 1)
        }
    }
}

extension SandboxScene {
    /// Those that were not there in the beginning.
    fileprivate func recorded() async throws -> [PostedEvent] {
        try await events().filter { $0.reason != "RolloutProven" }
    }
}
