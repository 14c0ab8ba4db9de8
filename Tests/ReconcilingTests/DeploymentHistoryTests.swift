import FoundationEssentials
import Kubernetes
import Reporting
import Testing

@testable import Reconciling

/// The ConfigMap's content: bounded in number and bytes, and nothing of others lost.
@Suite struct DeploymentHistoryTests {
    private static func deployment(_ number: Int, apps: Int = 1, outcome: Deployment.Outcome = .proven) -> Deployment {
        Deployment(
            number: number, commit: .init(id: "c", author: "a", time: Date(timeIntervalSince1970: 0), subject: "s"),
            descriptor: "d", startedAt: Date(timeIntervalSince1970: 0), outcome: outcome, by: .init(),
            apps: (0..<apps).map {
                Deployment.App(
                    app: "app-\($0)", workload: "statefulset/app-\($0)", uid: "u", from: nil, to: "1.0.0-rc-c0ffee0",
                    before: .init(
                        images: ["a": String(repeating: "x", count: 200)], initContainers: [], annotations: [:],
                        strategy: "RollingUpdate", partition: nil))
            })
    }

    private static func map(_ deployments: [Deployment]) throws -> ConfigMap {
        try deployments.reduce(ConfigMap(name: "descry-dev")) { try DeploymentHistory($0).recording($1) }
    }

    @Test func `at most a hundred are kept, the newest`() throws {
        let history = DeploymentHistory(try Self.map((1...105).map { Self.deployment($0) }))
        #expect(history.deployments.map(\.number) == Array((6...105).reversed()))
        #expect(history.nextNumber == 106)
    }

    @Test func `large ones are kept as long as they fit`() throws {
        let map = try Self.map((1...30).map { Self.deployment($0, apps: 200) })
        let bytes = map.data.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        #expect(bytes <= DeploymentHistory.byteLimit)
        let numbers = DeploymentHistory(map).deployments.map(\.number)
        #expect(numbers.first == 30 && numbers.count > 3 && numbers.count < 30)
        // Whatever its size, the one under way is never dropped: it says what to go back to.
        let huge = try Self.map([Self.deployment(1), Self.deployment(2, apps: 5000)])
        #expect(DeploymentHistory(huge).deployments.map(\.number) == [2])
    }

    @Test func `what is not Descry's, or of another version, stays`() throws {
        var map = try Self.map([Self.deployment(1)])
        map.data["note"] = "by hand"
        map.data["deployment-000002"] = #"{"number":2,"shape":"of a later version"}"#
        map.labels["team"] = "shop"
        #expect(DeploymentHistory(map).nextNumber == 3)
        let again = try DeploymentHistory(map).recording(Self.deployment(3))
        #expect(again.data["note"] == "by hand" && again.data["deployment-000002"] == map.data["deployment-000002"])
        #expect(again.labels["team"] == "shop")
        #expect(DeploymentHistory(again).deployments.map(\.number) == [3, 1])
    }

    @Test func `one that has not ended was interrupted when the next one begins`() throws {
        let map = try Self.map([Self.deployment(1, outcome: .running), Self.deployment(2, outcome: .running)])
        #expect(DeploymentHistory(map).deployments.map(\.outcome) == [.running, .interrupted])
        let ended = try DeploymentHistory(map).recording(Self.deployment(2))
        #expect(DeploymentHistory(ended).deployments.map(\.outcome) == [.proven, .interrupted])
    }
}
