import Workloads

extension PlannedApp {
    /// What the patch changes as a unified diff of the fields it owns, in the manner of `kubectl diff`: the lines of a
    /// manifest, cut down to those fields. Empty where nothing changes.
    public var diff: String {
        guard isChanged else { return "" }
        let lines = fieldLines
        let old = lines.count { $0.old != nil }
        let new = lines.count { $0.new != nil }
        let commit = annotations[WorkloadAnnotation.commit] ?? ""
        var text = "--- \(key) (running)\n+++ \(key) (\(commit.prefix(7)))\n@@ -1,\(old) +1,\(new) @@\n"
        for line in lines {
            if line.old == line.new {
                text += " \(line.old ?? "")\n"
            } else {
                if let old = line.old { text += "-\(old)\n" }
                if let new = line.new { text += "+\(new)\n" }
            }
        }
        return text
    }

    /// A line of the manifest before and after; nil where it is absent.
    private struct Line {
        let old: String?
        let new: String?

        init(_ text: String) { (old, new) = (text, text) }

        init(_ prefix: String, _ old: String?, _ new: String) {
            self.old = old.map { prefix + PlannedApp.scalar($0) }
            self.new = prefix + PlannedApp.scalar(new)
        }
    }

    private var fieldLines: [Line] {
        var lines = [Line("metadata:"), Line("  annotations:")]
        for (name, value) in annotations.sorted(by: { $0.key < $1.key }) {
            lines.append(Line("    \(name): ", workload.annotations[name], value))
        }
        lines += [Line("spec:"), Line("  template:"), Line("    spec:")]
        for isInit in [false, true] {
            let targets = images.filter { $0.isInit == isInit }
            if targets.isEmpty { continue }
            lines.append(Line(isInit ? "      initContainers:" : "      containers:"))
            for target in targets {
                lines.append(Line("      - name: \(target.container)"))
                lines.append(Line("        image: ", target.current.description, target.desired.description))
            }
        }
        return lines + strategyLines
    }

    private var strategyLines: [Line] {
        let fields = changes.filter { $0.reason == .strategy || $0.reason == .partition }
        if fields.isEmpty { return [] }
        var lines = [Line("  updateStrategy:")]
        if let partition = fields.first(where: { $0.reason == .partition }) {
            lines.append(Line("    rollingUpdate:"))
            lines.append(Line("      partition: ", partition.from, partition.to))
        }
        lines.append(Line("    type: ", workload.strategy.type, "RollingUpdate"))
        return lines
    }

    /// A YAML scalar: plain where it reads as text and nothing else, in double quotes otherwise. Control characters are
    /// escaped, so that a foreign annotation cannot forge lines of the diff.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.first != " " && text.last != " " && !text.contains(": ") && !text.contains(" #")
            && text.last != ":"
            && text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0.value != 0x7F && !(0x80...0x9F).contains($0.value)
            }
            && text.unicodeScalars.first.map { !"!&*-?|>@%`\"'#,[]{}:".unicodeScalars.contains($0) } ?? false
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value):
                let hex = String(scalar.value, radix: 16)
                quoted += "\\x" + (hex.count < 2 ? "0" : "") + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
