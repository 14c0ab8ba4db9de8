extension Document {
    /// The whole number that a node holds; reported as `wrong-type` where it is none, as `invalid-number` out of `range`.
    ///
    /// Only plain decimal digits count: `010`, `0x10` and `1_000` are different numbers to different YAML readers.
    public func integer(_ node: Node, field: String, in range: ClosedRange<Int>) -> Int? {
        guard !node.isRefused else { return nil }
        guard let scalar = node.scalar, scalar.type == .integer else {
            let found = node.scalar.map { TerminalText.quoted($0.text) } ?? node.phrase
            error("wrong-type", at: node, "\(TerminalText.quoted(field)) must be a whole number, not \(found)")
            return nil
        }
        if let number = Int(scalar.text), String(number) == scalar.text, range.contains(number) { return number }
        error(
            "invalid-number", at: node, "\(TerminalText.quoted(field)) cannot be \(TerminalText.quoted(scalar.text))",
            hint: "Write a whole number from \(range.lowerBound) to \(range.upperBound) in decimal digits")
        return nil
    }
}
