import Documents
import Git

extension Document {
    /// Which commits must be signed: `true` is the tip, `all` each new one; `false` says nothing, as if it were absent.
    func signatureRule(_ node: Node, field: String) -> EnvironmentSettings.Value? {
        if let scalar = node.scalar, scalar.text == "all" { return .signatureRule(.all) }
        if let scalar = node.scalar, scalar.type == .boolean {
            return bool(node, field: field).flatMap { $0 ? .signatureRule(.tip) : nil }
        }
        let found = node.scalar.map { TerminalText.quoted($0.text) } ?? node.phrase
        error(
            "unknown-choice", at: node, "\(found) is not a choice for \(field)",
            hint: "Choices are false, true (the deployed commit) and all (each new commit)")
        return nil
    }
}
