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
        let map = try Self.map((1...30).map { Self.deployment($0, apps: 1000) })
        #expect(Self.bytes(map) <= DeploymentHistory.byteLimit)
        let numbers = DeploymentHistory(map).deployments.map(\.number)
        #expect(numbers.first == 30 && numbers.count > 3 && numbers.count < 30)
    }

    private static func bytes(_ map: ConfigMap) -> Int {
        map.data.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    // MARK: Some thousand apps

    private static func hexadecimal(_ seed: Int, _ count: Int) -> String {
        var state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15
        var text = ""
        while text.count < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += String(state | 1 << 63, radix: 16).dropFirst()
        }
        return String(text.prefix(count))
    }

    /// As they are in a company: versions with whole SHAs, deployed before by one of several commits.
    private static func realistic(_ index: Int) -> Deployment.App {
        let name = "moneyclou-service-\(1000 + index)"
        let id = hexadecimal(index, 32)
        let uid = [8, 4, 4, 4, 12].reduce(into: (parts: [Substring](), rest: id[...])) { result, count in
            result.parts.append(result.rest.prefix(count))
            result.rest = result.rest.dropFirst(count)
        }.parts.joined(separator: "-")
        let (from, to) = (
            "1.\(index % 40).0-rc-" + hexadecimal(index + 1_000_000, 40), "1.41.0-rc-" + hexadecimal(-index, 40)
        )
        let commit = hexadecimal(index % 7, 40)
        return Deployment.App(
            app: name, workload: "statefulset/\(name)", uid: uid, from: from, to: to,
            before: .init(
                images: [name: "nexus.example.com:32554/shop/\(name):\(from)"], initContainers: [],
                annotations: [
                    "descry.dev/environment": "LIVE", "descry.dev/version": from, "descry.dev/commit": commit,
                    "kubernetes.io/change-cause": "\(from) for LIVE by descry, commit \(commit.prefix(12))",
                ], strategy: "RollingUpdate", partition: index % 3 == 0 ? 0 : nil))
    }

    private static let thousands = (0..<9000).map(realistic)

    private static func large(_ apps: Int, number: Int = 2) -> Deployment {
        var deployment = deployment(number, apps: 0, outcome: .running)
        deployment.apps = Array(thousands.prefix(apps))
        return deployment
    }

    /// What is needed to take 5,000 apps back is there before the first is written, and room for how each of them ends.
    @Test func `5,000 apps at once fit, and nothing of them is lost`() throws {
        var deployment = Self.large(5000)
        let begun = try DeploymentHistory(try Self.map([Self.deployment(1)])).recording(deployment)
        #expect(Self.bytes(begun) <= DeploymentHistory.byteLimit)
        #expect(DeploymentHistory(begun).deployments.first == deployment)
        // The keys and values are what the API server counts, by its limit of 1 MiB.
        #expect(DeploymentHistory.endLimit < 1 << 20)

        deployment.outcome = .rolledBack
        for index in deployment.apps.indices {
            deployment.apps[index].outcome = index == 4000 ? .failed : .rolledBack
        }
        deployment.apps[4000].failureCode = "image-pull"
        deployment.apps[4000].failure = "image-pull: ErrImagePull: not found - at all"
        let ended = try DeploymentHistory(begun).recording(deployment)
        #expect(Self.bytes(ended) <= DeploymentHistory.endLimit)
        #expect(DeploymentHistory(ended).deployments.first == deployment)
        // The next one that is small is kept beside it.
        let next = try DeploymentHistory(ended).recording(Self.deployment(3))
        #expect(DeploymentHistory(next).deployments.map(\.number).first == 3)
    }

    /// Nothing is written to the cluster then: the entry comes before the first patch.
    @Test func `what does not fit even so is refused, and how many would fit is said`() throws {
        let error = try #require(throws: KubernetesError.self) {
            try DeploymentHistory(ConfigMap(name: "descry-dev")).recording(Self.large(9000))
        }
        #expect(error.code == "history-too-large" && error.category == .refused)
        let number = try #require(error.hint?.split(separator: " ").compactMap { Int($0) }.first)
        #expect((5000..<9000).contains(number))
        let fitting = Self.large(number * 95 / 100)
        #expect(throws: Never.self) { try DeploymentHistory(ConfigMap(name: "descry-dev")).recording(fitting) }
    }

    /// At the end it is too late to refuse anything.
    @Test func `the words of failures give way to the rest`() throws {
        var deployment = Self.large(5000)
        let begun = try DeploymentHistory(ConfigMap(name: "descry-dev")).recording(deployment)
        deployment.outcome = .failed
        for index in deployment.apps.indices {
            deployment.apps[index].outcome = .failed
            deployment.apps[index].failureCode = "timed-out"
            deployment.apps[index].failure = String(repeating: "x", count: 200)
        }
        let ended = try DeploymentHistory(begun).recording(deployment)
        let stored = try #require(DeploymentHistory(ended).deployments.first)
        #expect(
            stored.outcome == .failed && stored.apps.allSatisfy { $0.failureCode == "timed-out" && $0.failure == nil })
    }

    /// Texts that would be taken for the packing's own, or be cut in two by it, and names that are part of other words.
    @Test(arguments: [
        ("a", "u", Optional("1.0.0"), "1.1.0"), ("latest", "latest", "latest", "latest"), ("app", "u 1", nil, "1.1.0"),
        ("app", "u", "with space", "1.1.0"), ("app", "u", "-", "-"), ("app", "", nil, ""),
        ("\u{E001}", "u", "\u{E000}", "1.1.0"),
    ])
    func `whatever the texts are, they come back as they were`(
        name: String, uid: String, from: String?, to: String
    ) throws {
        var deployment = Self.large(600)
        for index in stride(from: 0, to: 600, by: 2) {
            let known = deployment.apps[index].before
            deployment.apps[index] = Deployment.App(
                app: name, workload: "statefulset/\(name)", uid: uid, from: from, to: to,
                before: .init(
                    images: [name: "r/a/\(name)/a:\(from ?? "x")\u{E003}", "other": "-"], initContainers: [name, "-"],
                    annotations: known.annotations.merging(["note": "\(uid) \(to)\u{E000}"]) { _, new in new },
                    strategy: "OnDelete", partition: nil))
        }
        let map = try DeploymentHistory(ConfigMap(name: "descry-dev")).recording(deployment)
        #expect(map.data.values.allSatisfy { $0.contains("packedApps") })
        #expect(DeploymentHistory(map).deployments == [deployment])
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

    /// Also of those that cannot be read, and of more than six digits.
    @Test func `what is decoded when it is asked for is what is decoded at once`() throws {
        var map = try Self.map([999_998, 999_999, 1_000_000].map { Self.deployment($0, outcome: .failed) })
        map.data["deployment-1000001"] = "{"
        map.data["deployment-none"] = "{}"
        map = try DeploymentHistory(map, .asNeeded).recording(Self.deployment(1_000_002, outcome: .proven))
        let (lazily, atOnce) = (DeploymentHistory(map, .asNeeded), DeploymentHistory(map))
        #expect(lazily.deployments == atOnce.deployments)
        #expect(Array(lazily.newestFirst) == atOnce.deployments)
        #expect(lazily.newestFirst.map(\.number) == [1_000_002, 1_000_000, 999_999, 999_998])
        #expect(lazily.last == atOnce.last && lazily.last?.number == 1_000_002)
        #expect(lazily.decisive == atOnce.decisive && lazily.nextNumber == 1_000_003)
        for version in ["1.0.0-rc-c0ffee0", "1.0.0-rc-c0ffee1"] {
            #expect(
                "\(lazily.standing(of: version, for: "statefulset/app-0"))"
                    == "\(atOnce.standing(of: version, for: "statefulset/app-0"))")
        }
    }

    @Test func `one that has not ended was interrupted when the next one begins`() throws {
        let map = try Self.map([Self.deployment(1, outcome: .running), Self.deployment(2, outcome: .running)])
        #expect(DeploymentHistory(map).deployments.map(\.outcome) == [.running, .interrupted])
        let ended = try DeploymentHistory(map).recording(Self.deployment(2))
        #expect(DeploymentHistory(ended).deployments.map(\.outcome) == [.proven, .interrupted])
    }
}
