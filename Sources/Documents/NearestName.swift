/// Finds what somebody meant who mistyped a name.
public enum NearestName {
    /// The name among `known` that the fewest edits turn into `name`, where those are few enough to be a slip: at most a
    /// third of the letters, and at most three. Case and the separators `-` and `_` do not count as edits.
    public static func of(_ name: String, among known: some Sequence<String>) -> String? {
        guard name.utf8.count <= 64 else { return nil }
        let folded = fold(name)
        var best: (name: String, distance: Int)?
        for candidate in known {
            let target = fold(candidate)
            let limit = min(3, max(1, max(folded.count, target.count) / 3))
            guard abs(folded.count - target.count) <= limit else { continue }
            let distance = distance(folded, target)
            if distance <= limit, distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.name
    }

    private static func fold(_ name: String) -> [UInt8] {
        name.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }

    /// Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var previous: [Int] = []
        var current = Array(0...right.count)
        for (row, leftByte) in left.enumerated() {
            var next = [row + 1]
            for (column, rightByte) in right.enumerated() {
                var cost = min(
                    current[column + 1] + 1, next[column] + 1, current[column] + (leftByte == rightByte ? 0 : 1))
                if row > 0, column > 0, leftByte == right[column - 1], left[row - 1] == rightByte {
                    cost = min(cost, previous[column - 1] + 1)
                }
                next.append(cost)
            }
            previous = current
            current = next
        }
        return current[right.count]
    }
}
