/// A label selector, as `spec.selector` of a workload holds it.
///
/// Source of the rule: Kubernetes' `LabelSelector`. All requirements must hold; one that cannot be understood matches
/// nothing, so that a foreign pod is never counted.
public struct PodSelector: Sendable, Hashable {
    public struct Requirement: Sendable, Hashable {
        public var key: String
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        public var `operator`: String
        public var values: [String]

        public init(key: String, operator: String, values: [String] = []) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }
    }

    public var matchLabels: [String: String]
    public var matchExpressions: [Requirement]

    public init(matchLabels: [String: String], matchExpressions: [Requirement] = []) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }

    /// An empty selector matches nothing here: the API refuses it for workloads, so it can only be a misread object.
    public func matches(_ labels: [String: String]) -> Bool {
        if matchLabels.isEmpty && matchExpressions.isEmpty { return false }
        return matchLabels.allSatisfy { labels[$0.key] == $0.value }
            && matchExpressions.allSatisfy { holds($0, labels) }
    }

    private func holds(_ requirement: Requirement, _ labels: [String: String]) -> Bool {
        let value = labels[requirement.key]
        switch requirement.operator {
        case "In": return value.map(requirement.values.contains) ?? false
        case "NotIn": return value.map { !requirement.values.contains($0) } ?? true
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        default: return false
        }
    }
}
