/// Prometheus' text format, version 0.0.4.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
public enum Exposition {
    /// The media type to send the text with.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All samples of one metric, sorted by their labels' values, or nothing where there are none.
    static func write(_ metric: Metric, _ samples: [[String]: MetricRegistry.Sample], to text: inout String) {
        guard !samples.isEmpty else { return }
        text +=
            "# HELP \(metric.rawValue) \(escapedHelp(metric.help))\n# TYPE \(metric.rawValue) \(metric.kind.rawValue)\n"
        for (values, sample) in samples.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let labels = zip(metric.labels, values).map { "\($0)=\"\(escapedValue($1))\"" }
            switch sample {
            case .number(let number): write(metric.rawValue, labels, number, to: &text)
            case .histogram(let histogram):
                for (bound, count) in histogram.cumulative {
                    write(metric.rawValue + "_bucket", labels + ["le=\"\(number(bound))\""], Double(count), to: &text)
                }
                write(metric.rawValue + "_sum", labels, histogram.sum, to: &text)
                write(metric.rawValue + "_count", labels, Double(histogram.count), to: &text)
            }
        }
    }

    private static func write(_ name: String, _ labels: [String], _ value: Double, to text: inout String) {
        text += name
        if !labels.isEmpty { text += "{" + labels.joined(separator: ",") + "}" }
        text += " " + number(value) + "\n"
    }

    /// As Go's `strconv.ParseFloat` reads it; whole numbers without a fraction, as client libraries write them.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? String(value)
    }

    /// In a label's value a backslash, a double quote and a line feed are escaped.
    static func escapedValue(_ text: String) -> String { escaped(text, quotes: true) }

    /// In a help text a backslash and a line feed are.
    static func escapedHelp(_ text: String) -> String { escaped(text, quotes: false) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5c || $0 == 0x0a || (quotes && $0 == 0x22) }) else { return text }
        // By Unicode scalars: a carriage return and a line feed are one character.
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
