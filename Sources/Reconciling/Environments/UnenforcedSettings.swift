import Documents

extension Environment {
    /// Refuses to deploy where the environment asks for a guard that this version reads and cannot keep: whoever has written it
    /// relies on it.
    ///
    /// - Throws: one diagnostic, code `not-enforced`, for each.
    func refuseUnenforced() throws(Refused) {
        var guards: [String] = []
        if approvals != nil { guards.append("approvals") }
        guard !guards.isEmpty else { return }
        throw Refused(
            guards.map {
                Diagnostic(
                    code: "not-enforced", message: "this version does not enforce \($0), so nothing is deployed",
                    hint: "Take \($0) out of the environment file if deploying without is what you want", file: name)
            })
    }
}
