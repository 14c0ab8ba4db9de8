import Testing
import Workloads

@testable import Kubernetes

/// What an observation makes of a server whose watch breaks in every known way. Losing an event silently would be the worst:
/// each test ends with the state the server had last.
@Suite struct WatchFaultTests {
    static func pod(_ name: String, _ version: Int, phase: String = "Running") -> String {
        #"{"metadata":{"name":"\#(name)","uid":"u-\#(name)","resourceVersion":"\#(version)"},"status":{"phase":"\#(phase)"}}"#
    }

    static func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }

    static func list(_ version: Int, _ pods: String...) -> FaultServer.Action {
        .answer(
            200, #"{"metadata":{"resourceVersion":"\#(version)"},"items":[\#(pods.joined(separator: ","))]}"#)
    }

    /// Runs the observation until it has seen that pod in phase `Done`.
    private func observe(
        pauses: Pauses = Pauses(), change: (inout ClientOptions) -> Void = { _ in },
        answer: @escaping @Sendable (Int, FaultServer.Request) -> [FaultServer.Action],
        check: (_ requests: [FaultServer.Request], _ interruptions: [String]) -> Void
    ) async throws {
        try await KubernetesClient.with(pauses: pauses, change: change, answer: answer) { client, server in
            var interruptions: [String] = []
            observing: for try await observation in client.observePods(namespace: "shop") {
                switch observation {
                case .snapshot(let pods): if pods.contains(where: { $0.phase == "Done" }) { break observing }
                case .changed(let pod): if pod.phase == "Done" { break observing }
                case .deleted: break
                case .interrupted(let error): interruptions.append(error.code)
                }
            }
            check(server.requests, interruptions)
        }
    }

    /// What was told of these interruptions, in order: a consumer that is slow misses those that what came after them has taken the
    /// place of. That they are told at all, the tests of restarts on a real API server see.
    private static func isTold(_ interruptions: [String], of codes: String...) -> Bool {
        var rest = codes[...]
        return interruptions.allSatisfy { code in
            guard let index = rest.firstIndex(of: code) else { return false }
            rest = rest[(index + 1)...]
            return true
        }
    }

    private static let done: [FaultServer.Action] = [.stream, .chunk(event("MODIFIED", pod("a", 99, phase: "Done")))]

    @Test func aWatchContinuesFromTheList() async throws {
        try await observe { number, _ in
            number == 0 ? [Self.list(7, Self.pod("a", 5))] : Self.done
        } check: { requests, _ in
            #expect(requests[1].query("resourceVersion") == "7")
            #expect(requests[1].query("allowWatchBookmarks") == "true")
            #expect(requests[1].query("timeoutSeconds") == "450")
        }
    }

    /// What was listed a moment ago is not listed again, unless the server has forgotten that moment.
    @Test(arguments: [false, true])
    func aWatchMayGoOnFromAListThatIsThere(isForgotten: Bool) async throws {
        let gone = #"{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}"#
        try await KubernetesClient.with(answer: { number, request in
            if request.query("watch") == nil {
                return [.answer(200, #"{"metadata":{"resourceVersion":"9"},"items":[]}"#)]
            }
            return number == 0 && isForgotten ? [.stream, .chunk(Self.event("ERROR", gone)), .endOfStream] : [.stream]
        }) { client, server in
            let list = ResourceList<Workload>(items: [], resourceVersion: "7")
            let watch = Task {
                for try await _ in client.observe(.statefulSet, namespace: "shop", after: list) {}
            }
            await server.received(isForgotten ? 3 : 1)
            watch.cancel()
            _ = await watch.result
            #expect(server.requests.map { $0.query("watch") } == (isForgotten ? ["1", nil, "1"] : ["1"]))
            #expect(server.requests.first?.query("resourceVersion") == "7")
        }
    }

    @Test func anEventMayComeInPieces() async throws {
        let text = Self.event("MODIFIED", Self.pod("a", 99, phase: "Done"))
        try await observe { number, _ in
            number == 0 ? [Self.list(7)] : [.stream] + text.map { .chunk(String($0)) }
        } check: { requests, _ in
            #expect(requests.count == 2)
        }
    }

    @Test func aLastEventNeedsNoLineEnd() async throws {
        try await observe { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.stream, .chunk(String(Self.event("MODIFIED", Self.pod("a", 8)).dropLast())), .endOfStream]
            default: Self.done
            }
        } check: { requests, interruptions in
            #expect(requests[2].query("resourceVersion") == "8")
            #expect(interruptions.isEmpty)
        }
    }

    @Test func aWatchThatEndsInGoodOrderIsResumedAtOnce() async throws {
        let pauses = Pauses()
        try await observe(pauses: pauses) { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.stream, .chunk(Self.event("BOOKMARK", #"{"metadata":{"resourceVersion":"20"}}"#)), .endOfStream]
            default: Self.done
            }
        } check: { requests, _ in
            #expect(requests[2].query("resourceVersion") == "20")
            #expect(pauses.all.isEmpty)
        }
    }

    @Test func aWatchCutInTheMiddleOfALineIsResumedFromTheLastWholeEvent() async throws {
        try await observe { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1:
                [
                    .stream, .chunk(Self.event("ADDED", Self.pod("a", 8)) + #"{"type":"MODIFIED","object":{"meta"#),
                    .close,
                ]
            default: Self.done
            }
        } check: { requests, interruptions in
            #expect(requests[2].query("resourceVersion") == "8")
            #expect(Self.isTold(interruptions, of: "connection-lost"), "\(interruptions)")
        }
    }

    @Test func aWatchEndedInTheMiddleOfALineListsAgain() async throws {
        try await observe { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.stream, .chunk(#"{"type":"MODIFIED","object":{"meta"#), .endOfStream]
            default: [Self.list(9, Self.pod("a", 8, phase: "Done"))]
            }
        } check: { requests, interruptions in
            #expect(requests[2].query("watch") == nil)
            #expect(Self.isTold(interruptions, of: "unreadable-event"), "\(interruptions)")
        }
    }

    @Test func aForgottenMomentListsAgainAtOnce() async throws {
        let pauses = Pauses()
        let gone = #"{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}"#
        try await observe(pauses: pauses) { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.stream, .chunk(Self.event("ERROR", gone)), .endOfStream]
            default: [Self.list(9, Self.pod("a", 8, phase: "Done"))]
            }
        } check: { _, interruptions in
            #expect(pauses.all.isEmpty)
            #expect(interruptions.isEmpty)
        }
    }

    @Test func anotherErrorEventIsThrown() async throws {
        let denied = #"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":"no"}"#
        try await KubernetesClient.with(
            answer: { number, _ in
                number == 0 ? [Self.list(7)] : [.stream, .chunk(Self.event("ERROR", denied)), .endOfStream]
            }
        ) { client, _ in
            let error = try await kubernetesError { for try await _ in client.observePods(namespace: "shop") {} }
            #expect(error?.code == "forbidden")
        }
    }

    /// The token may not list (a Role with `resourceNames`), or not watch: the caller reads by name instead.
    @Test(arguments: [0, 1])
    func aRefusalIsThrownTyped(refused: Int) async throws {
        try await KubernetesClient.with(
            answer: { number, _ in
                number == refused
                    ? [.answer(403, RequestFaultTests.status(403, "Forbidden"))] : [Self.list(7)]
            }
        ) { client, _ in
            let error = try await kubernetesError { for try await _ in client.observePods(namespace: "shop") {} }
            #expect(error?.code == "forbidden")
            #expect(error?.hint?.contains("descry rbac") == true)
            #expect(error?.message.contains(refused == 0 ? "list pods" : "watch pods") == true)
        }
    }

    @Test func aHugeLineIsNotBuffered() async throws {
        let huge = String(repeating: "x", count: 3000)
        try await observe(change: { $0.lineLimit = 2000 }) { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.stream, .chunk(huge)]
            default: [Self.list(9, Self.pod("a", 8, phase: "Done"))]
            }
        } check: { _, interruptions in
            #expect(Self.isTold(interruptions, of: "unreadable-event"), "\(interruptions)")
        }
    }

    @Test func aSilentWatchIsCutAndResumed() async throws {
        try await observe(change: { $0.watchIdleTimeout = .milliseconds(100) }) { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.stream]
            default: Self.done
            }
        } check: { requests, interruptions in
            #expect(requests[2].query("resourceVersion") == "7")
            #expect(Self.isTold(interruptions, of: "timed-out"), "\(interruptions)")
        }
    }

    @Test func aServerThatIsOverloadedIsLeftAlone() async throws {
        let pauses = Pauses()
        try await observe(pauses: pauses) { number, _ in
            switch number {
            case 0: [Self.list(7)]
            case 1: [.answer(429, RequestFaultTests.status(429, "TooManyRequests"), headers: ["Retry-After: 9"])]
            case 2: [.answer(503, "")]
            default: Self.done
            }
        } check: { _, interruptions in
            #expect(pauses.all == [.seconds(9), .milliseconds(300)])
            #expect(Self.isTold(interruptions, of: "too-many-requests", "server-error"), "\(interruptions)")
        }
    }

    @Test func cancellingTheConsumerEndsTheRequest() async throws {
        try await KubernetesClient.with(
            answer: { number, _ in number == 0 ? [Self.list(7), .close] : [.stream] }
        ) { client, server in
            let task = Task { for try await _ in client.observePods(namespace: "shop") {} }
            await server.received(2)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await server.closed(2)
        }
    }

    @Test func leavingTheLoopEndsTheRequest() async throws {
        try await KubernetesClient.with(
            answer: { number, _ in number == 0 ? [Self.list(7), .close] : Self.done }
        ) { client, server in
            for try await observation in client.observePods(namespace: "shop") {
                if case .changed = observation { break }
            }
            await server.closed(2)
        }
    }
}
