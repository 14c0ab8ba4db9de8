extension Document {
    /// The duration that a node holds, written as ``DurationText`` reads it; reported as `invalid-duration` otherwise.
    ///
    /// A bare number is reported as a duration without a unit, which says more than that it is no string.
    public func duration(_ node: Node, field: String) -> Duration? {
        guard !node.isRefused else { return nil }
        guard let scalar = node.scalar, scalar.type != .null, scalar.type != .boolean else {
            return string(node, field: field).flatMap { _ in nil }
        }
        do throws(DurationTextError) {
            return try DurationText.parse(scalar.text)
        } catch {
            self.error(DurationTextError.code, at: node, error.message, hint: error.hint)
            return nil
        }
    }
}
