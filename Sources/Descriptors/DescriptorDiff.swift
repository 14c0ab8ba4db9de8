extension DescriptorEdit {
    /// The edit as a unified diff, with three lines around each change; empty where nothing changes.
    ///
    /// - Parameter path: the descriptor's, for the two lines at its head.
    public func diff(path: String) -> String {
        guard !replacements.isEmpty else { return "" }
        let lines = LineRanges(old)
        var text = "--- a/\(path)\n+++ b/\(path)\n"
        // By how many lines the new file is ahead: below zero once a value written over several lines became one.
        var shift = 0
        for hunk in hunks(lines) { text += render(hunk, lines, &shift) }
        return text
    }

    private static let context = 3

    /// Lines (counted from 0) of the old file, and the replacements in each stretch of them that changes.
    private struct Stretch {
        var lines: ClosedRange<Int>
        var replacements: [Replacement]
    }

    /// Stretches that are near enough to share their surroundings.
    private func hunks(_ lines: LineRanges) -> [[Stretch]] {
        var stretches: [Stretch] = []
        for replacement in replacements {
            let range =
                lines.index(of: replacement.range.lowerBound)...lines.index(of: replacement.range.upperBound - 1)
            if let last = stretches.indices.last, stretches[last].lines.upperBound >= range.lowerBound {
                stretches[last].lines = stretches[last].lines.lowerBound...range.upperBound
                stretches[last].replacements.append(replacement)
            } else {
                stretches.append(Stretch(lines: range, replacements: [replacement]))
            }
        }
        var hunks: [[Stretch]] = []
        for stretch in stretches {
            let end = hunks.last?.last?.lines.upperBound
            if let end, stretch.lines.lowerBound - end <= 2 * Self.context + 1 {
                hunks[hunks.count - 1].append(stretch)
            } else {
                hunks.append([stretch])
            }
        }
        return hunks
    }

    private func render(_ hunk: [Stretch], _ lines: LineRanges, _ shift: inout Int) -> String {
        guard let first = hunk.first, let last = hunk.last else { return "" }
        let start = max(0, first.lines.lowerBound - Self.context)
        let end = min(lines.count, last.lines.upperBound + 1 + Self.context)
        var body = ""
        var line = start
        var newCount = 0
        for stretch in hunk {
            while line < stretch.lines.lowerBound {
                body += lines.text(line, of: old, mark: " ")
                newCount += 1
                line += 1
            }
            for index in stretch.lines { body += lines.text(index, of: old, mark: "-") }
            let new = changed(stretch, lines)
            let newLines = LineRanges(new)
            for index in 0..<newLines.count { body += newLines.text(index, of: new, mark: "+") }
            newCount += newLines.count
            line = stretch.lines.upperBound + 1
        }
        while line < end {
            body += lines.text(line, of: old, mark: " ")
            newCount += 1
            line += 1
        }
        let head = "@@ -\(start + 1),\(end - start) +\(start + 1 + shift),\(newCount) @@\n"
        shift += newCount - (end - start)
        return head + body
    }

    /// The bytes of a stretch after the edit.
    private func changed(_ stretch: Stretch, _ lines: LineRanges) -> [UInt8] {
        var result: [UInt8] = []
        var place = lines[stretch.lines.lowerBound].lowerBound
        for replacement in stretch.replacements {
            result += old[place..<replacement.range.lowerBound]
            result += replacement.text.utf8
            place = replacement.range.upperBound
        }
        return result + old[place..<lines[stretch.lines.upperBound].upperBound]
    }
}

/// Where the lines of a text begin and end, their line feeds included, as `diff` counts them.
private struct LineRanges {
    private var starts: [Int] = [0]
    private let end: Int

    init(_ bytes: [UInt8]) {
        end = bytes.count
        for (offset, byte) in bytes.enumerated() where byte == 0x0A && offset + 1 < bytes.count {
            starts.append(offset + 1)
        }
    }

    var count: Int { starts.count }

    subscript(index: Int) -> Range<Int> { starts[index]..<(index + 1 < starts.count ? starts[index + 1] : end) }

    /// The line that a byte is in.
    func index(of offset: Int) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    func text(_ index: Int, of bytes: [UInt8], mark: String) -> String {
        var line = bytes[self[index]]
        let hasFeed = line.last == 0x0A
        if hasFeed { line.removeLast() }
        let text = mark + String(decoding: line, as: UTF8.self) + "\n"
        return hasFeed ? text : text + "\\ No newline at end of file\n"
    }
}
