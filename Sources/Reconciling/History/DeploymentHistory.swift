import FoundationEssentials
import Kubernetes
import Reporting

/// The deployments of one environment, newest first, as its ConfigMap `descry-<environment>` keeps them: one key each, so that a
/// person can read them with `kubectl`.
public struct DeploymentHistory: Sendable {
    /// At most so many are kept.
    public static let limit = 100
    /// The API server takes 1 MiB; what would go beyond this drops the oldest, whatever their number.
    static let byteLimit = 900_000
    /// What a deployment may grow by until its end, when each app has an outcome.
    static let endLimit = 1_000_000
    /// One that is larger is packed; see ``PackedDeployment``. Smaller ones are left as they are, for people to read.
    static let packedFrom = 100_000

    /// As read; what is in it and not of Descry's making stays.
    let map: ConfigMap
    /// Nil where each is decoded when it is asked for.
    private var decoded: [Deployment]?

    /// When its deployments are decoded.
    enum Decoding {
        /// Once, for those who look at many.
        case atOnce
        /// Each time that one is asked for, for a pass: it needs few, and a hundred of a hundred apps each would take megabytes.
        case asNeeded
    }

    init(_ map: ConfigMap, _ decoding: Decoding = .atOnce) {
        self.map = map
        if decoding == .atOnce { decoded = Array(newestFirst) }
    }

    /// All of them.
    public var deployments: [Deployment] { decoded ?? Array(newestFirst) }

    /// The newest one.
    var last: Deployment? { newestFirst.first { _ in true } }

    /// One that cannot be read, of a later version say, is left out and left in place.
    var newestFirst: AnySequence<Deployment> {
        if let decoded { return AnySequence(decoded) }
        let numbered = map.data.keys.compactMap { key in Self.number(key).map { (key, $0) } }
        return AnySequence(
            numbered.sorted { $0.1 > $1.1 }.lazy.compactMap { [map] key, _ in map.data[key].flatMap(Self.deployment) })
    }

    private static func deployment(_ text: String) -> Deployment? {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = Data(text.utf8)
        do {
            return try decoder.decode(Deployment.self, from: data)
        } catch {
            do { return try decoder.decode(PackedDeployment.self, from: data).whole } catch { return nil }
        }
    }

    /// The newest deployment of what a branch asked for, which decides what is not tried again.
    var decisive: Deployment? { newestFirst.first { $0.isCorrection != true } }

    /// The commits that passes of one user began and did not come to the end of, since the last one that they did; newest first.
    ///
    /// Those of others do not count: the loop tells forges of commits, `apply` does not, and one of it in between ends nothing.
    func unfinished(by runner: Deployment.Runner, besides commit: String) -> [SyncReport.Commit] {
        var commits: [SyncReport.Commit] = []
        for deployment in newestFirst where deployment.by.user == runner.user {
            guard [.running, .interrupted, .preempted].contains(deployment.outcome) else { break }
            if deployment.commit.id != commit, !commits.contains(where: { $0.id == deployment.commit.id }) {
                commits.append(deployment.commit)
            }
        }
        return Array(commits.prefix(Self.mostUnfinished))
    }

    /// However often a process was killed: so many are told of.
    private static let mostUnfinished = 8

    /// The commit that was last accepted for the environment, of whichever branch of whichever repository; nil where none was
    /// recorded, or what is recorded cannot be read.
    var accepted: AcceptedCommit? {
        guard let text = map.data[Self.acceptedKey] else { return nil }
        do { return try JSONDecoder().decode(AcceptedCommit.self, from: Data(text.utf8)) } catch { return nil }
    }

    /// What failed up to the deployment of this number was to be tried again, and speaks against no version any more; 0 where nobody
    /// has said so.
    var forgiven: Int { map.data[Self.forgivenKey].flatMap { Int($0) } ?? 0 }

    /// The ConfigMap with all deployments so far forgiven; nil where nothing of them speaks against anything.
    var forgiving: ConfigMap? {
        let failed = deployments.filter { deployment in
            deployment.number > forgiven && deployment.apps.contains(where: deployment.speaksAgainst)
        }
        guard let newest = failed.first else { return nil }
        var result = map
        result.labels["app.kubernetes.io/managed-by"] = "descry"
        result.data[Self.forgivenKey] = String(newest.number)
        return result
    }

    /// The ConfigMap with this commit as the accepted one.
    ///
    /// - Throws: `EncodingError`, which no commit gives cause for.
    func accepting(_ commit: AcceptedCommit) throws -> ConfigMap {
        var result = map
        result.labels["app.kubernetes.io/managed-by"] = "descry"
        try Self.accept(commit, in: &result)
        return result
    }

    private static func accept(_ commit: AcceptedCommit, in map: inout ConfigMap) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        map.data[acceptedKey] = String(decoding: try encoder.encode(commit), as: UTF8.self)
    }

    /// Somebody has deleted the ConfigMap since it was read.
    func isGone(_ error: KubernetesError) -> Bool { error.code == "not-found" && !map.resourceVersion.isEmpty }

    /// `descry-dev` for DEV: names of objects are lower case.
    static func name(_ environment: String) -> String { "descry-" + environment.lowercased() }

    /// Above every number in use, also of those that cannot be read.
    var nextNumber: Int { (newestNumber ?? 0) + 1 }

    /// The ConfigMap with this deployment in it, in place of the one of the same number. An earlier one that has not ended was
    /// interrupted.
    ///
    /// - Parameter accepted: the commit that it is for, as the one that later ones are compared with.
    /// - Throws: `KubernetesError`, code `history-too-large`, where this deployment alone does not fit; `EncodingError`, which no
    ///   deployment gives cause for.
    func recording(_ deployment: Deployment, accepting accepted: AcceptedCommit? = nil) throws -> ConfigMap {
        var result = map
        result.labels["app.kubernetes.io/managed-by"] = "descry"
        if let accepted { try Self.accept(accepted, in: &result) }
        if newestNumber ?? 0 < deployment.number, var last, last.outcome == .running {
            last.outcome = .interrupted
            result.data[Self.key(last.number)] = try Self.text(last)
        }
        let own = Self.key(deployment.number)
        let limit = deployment.outcome == .running ? Self.byteLimit : Self.endLimit
        result.data[own] = nil
        let others = result.data.filter { !$0.key.hasPrefix(Self.prefix) }.reduce(0, Self.count)
        let text = try Self.text(deployment, within: limit - others - own.utf8.count)
        result.data[own] = text
        let keys = result.data.keys.filter { $0.hasPrefix(Self.prefix) }.sorted(by: >)
        var bytes = result.data.reduce(0, Self.count)
        for (index, key) in keys.enumerated().reversed()
        where key != own && (index >= Self.limit || bytes > Self.byteLimit) {
            bytes -= key.utf8.count + (result.data.removeValue(forKey: key)?.utf8.count ?? 0)
        }
        return result
    }

    private static func count(_ bytes: Int, _ entry: (key: String, value: String)) -> Int {
        bytes + entry.key.utf8.count + entry.value.utf8.count
    }

    /// Without the words of failures, whose codes stay, where it would not fit otherwise.
    private static func text(_ deployment: Deployment, within limit: Int) throws -> String {
        let whole = try text(deployment)
        guard whole.utf8.count > limit else { return whole }
        var brief = deployment
        for index in brief.apps.indices { brief.apps[index].failure = nil }
        let text = try text(brief)
        guard text.utf8.count > limit else { return text }
        let apps = deployment.apps.count
        throw KubernetesError(
            code: "history-too-large", category: .refused,
            message:
                "a deployment that changes \(apps) apps takes \(text.utf8.count) bytes of history, and the ConfigMap that "
                + "keeps it has room for \(max(0, limit))",
            hint:
                "Deploy in several commits that change about \(max(1, apps * max(0, limit) / text.utf8.count)) apps each"
        )
    }

    private static func text(_ deployment: Deployment) throws -> String {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let plain = try encoder.encode(deployment)
        guard plain.count > packedFrom else { return String(decoding: plain, as: UTF8.self) }
        return String(decoding: try encoder.encode(PackedDeployment(deployment)), as: UTF8.self)
    }

    private static let prefix = "deployment-"
    private static let acceptedKey = "accepted"
    private static let forgivenKey = "forgiven"

    private var newestNumber: Int? { map.data.keys.compactMap(Self.number).max() }

    /// Of a deployment's key.
    private static func number(_ key: String) -> Int? {
        key.hasPrefix(prefix) ? Int(key.dropFirst(prefix.count)) : nil
    }

    /// Six digits, so that the order of the keys is that of the numbers.
    private static func key(_ number: Int) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
