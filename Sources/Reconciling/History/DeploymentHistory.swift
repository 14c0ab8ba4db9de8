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

    public private(set) var deployments: [Deployment]
    /// As read; what is in it and not of Descry's making stays.
    let map: ConfigMap

    /// A deployment that cannot be read, of a later version say, is left out and left in place.
    init(_ map: ConfigMap) {
        self.map = map
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        deployments = map.data.compactMap { key, text in
            guard key.hasPrefix(Self.prefix) else { return nil }
            do {
                return try decoder.decode(Deployment.self, from: Data(text.utf8))
            } catch {
                return nil
            }
        }.sorted { $0.number > $1.number }
    }

    /// The commit that was last accepted for the environment, of whichever branch of whichever repository; nil where none was
    /// recorded, or what is recorded cannot be read.
    var accepted: AcceptedCommit? {
        guard let text = map.data[Self.acceptedKey] else { return nil }
        do { return try JSONDecoder().decode(AcceptedCommit.self, from: Data(text.utf8)) } catch { return nil }
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
    var nextNumber: Int {
        let used = map.data.keys.compactMap { $0.hasPrefix(Self.prefix) ? Int($0.dropFirst(Self.prefix.count)) : nil }
        return (used.max() ?? 0) + 1
    }

    /// The ConfigMap with this deployment in it, in place of the one of the same number. An earlier one that has not ended was
    /// interrupted.
    ///
    /// - Parameter accepted: the commit that it is for, as the one that later ones are compared with.
    /// - Throws: `EncodingError`, which no deployment gives cause for.
    func recording(_ deployment: Deployment, accepting accepted: AcceptedCommit? = nil) throws -> ConfigMap {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var result = map
        result.labels["app.kubernetes.io/managed-by"] = "descry"
        if let accepted { try Self.accept(accepted, in: &result) }
        var changed = [deployment]
        if var last = deployments.first, last.number < deployment.number, last.outcome == .running {
            last.outcome = .interrupted
            changed.append(last)
        }
        for entry in changed {
            result.data[Self.key(entry.number)] = String(decoding: try encoder.encode(entry), as: UTF8.self)
        }
        let keys = result.data.keys.filter { $0.hasPrefix(Self.prefix) }.sorted(by: >)
        var bytes = result.data.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        for (index, key) in keys.enumerated().reversed()
        where index > 0 && (index >= Self.limit || bytes > Self.byteLimit) {
            bytes -= key.utf8.count + (result.data.removeValue(forKey: key)?.utf8.count ?? 0)
        }
        return result
    }

    private static let prefix = "deployment-"
    private static let acceptedKey = "accepted"

    /// Six digits, so that the order of the keys is that of the numbers.
    private static func key(_ number: Int) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
