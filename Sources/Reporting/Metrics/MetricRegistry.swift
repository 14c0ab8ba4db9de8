/// The samples of all metrics: a value, so that a text can be made of a copy while counting goes on.
struct MetricRegistry: Sendable {
    enum Sample: Sendable, Hashable {
        case number(Double)
        case histogram(Histogram)
    }

    /// The most samples that one metric keeps. Labels hold what the operator configured or a closed list, so this is reached
    /// only where something is wrong; then memory must not grow without bound.
    static let sampleLimit = 50_000

    private(set) var samples: [Metric: [[String]: Sample]] = [:]
    private let sampleLimit: Int

    init(sampleLimit: Int = MetricRegistry.sampleLimit) {
        self.sampleLimit = sampleLimit
    }

    /// - Parameter labels: values in the order of ``Metric/labels``.
    mutating func add(_ amount: Double, to metric: Metric, _ labels: [String] = []) {
        update(metric, labels, initial: .number(0)) { sample in
            if case .number(let old) = sample { sample = .number(old + amount) }
        }
    }

    mutating func set(_ metric: Metric, _ labels: [String] = [], to value: Double) {
        update(metric, labels, initial: .number(value)) { $0 = .number(value) }
    }

    mutating func observe(_ value: Double, in metric: Metric, _ labels: [String] = []) {
        update(metric, labels, initial: .histogram(Histogram(bounds: metric.buckets))) { sample in
            guard case .histogram(var histogram) = sample else { return }
            sample = .number(0)  // so that the histogram has one owner and is changed in place
            histogram.observe(value)
            sample = .histogram(histogram)
        }
    }

    mutating func remove(_ metric: Metric, _ labels: [String]) {
        samples[metric]?[labels] = nil
    }

    mutating func removeAll(_ metric: Metric) {
        samples[metric] = nil
    }

    /// Removes every sample that has this value for a label.
    mutating func remove(label: String, value: String) {
        for metric in samples.keys {
            guard let index = metric.labels.firstIndex(of: label) else { continue }
            samples[metric] = samples[metric]?.filter { $0.key[index] != value }
        }
    }

    func number(_ metric: Metric, _ labels: [String] = []) -> Double? {
        guard case .number(let value) = samples[metric]?[labels] else { return nil }
        return value
    }

    func text() -> String {
        var text = ""
        for metric in Metric.allCases { Exposition.write(metric, samples[metric] ?? [:], to: &text) }
        return text
    }

    private mutating func update(
        _ metric: Metric, _ labels: [String], initial: Sample, _ change: (inout Sample) -> Void
    ) {
        precondition(labels.count == metric.labels.count, "\(metric.rawValue) has other labels")
        let isNew = samples[metric]?[labels] == nil
        if isNew, samples[metric, default: [:]].count >= sampleLimit {
            samples[.droppedSamples, default: [:]][[], default: .number(0)].add(1)
            return
        }
        change(&samples[metric, default: [:]][labels, default: initial])
    }
}

extension MetricRegistry.Sample {
    fileprivate mutating func add(_ amount: Double) {
        if case .number(let old) = self { self = .number(old + amount) }
    }
}
