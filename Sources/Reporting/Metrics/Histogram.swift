/// Observations counted by the bucket they fall into.
struct Histogram: Sendable, Hashable {
    /// Upper bounds, inclusive, ascending.
    let bounds: [Double]
    /// One more than there are bounds: the last one counts what is above them all. Not cumulative yet.
    private(set) var counts: [UInt64]
    private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// For each bound, how many observations are at most that; `+Inf`, which counts all of them, comes last.
    var cumulative: [(bound: Double, count: UInt64)] {
        var total: UInt64 = 0
        return zip(bounds + [.infinity], counts).map { bound, count in
            total += count
            return (bound, total)
        }
    }

    var count: UInt64 { counts.reduce(0, +) }
}
