/// What a client wants objects as: the objects themselves, or rows for a terminal.
enum Representation: Sendable, Hashable {
    case object
    /// With so much of the object in each row: `Metadata`, `Object` or `None`.
    case table(includeObject: String)

    /// The first of the accepted types that the sandbox can give.
    ///
    /// - Throws: `StatusError` 406 where there is none.
    init(accept: String?, includeObject: String?, canBeTable: Bool) throws(StatusError) {
        for clause in (accept ?? "*/*").split(separator: ",") {
            let parts = clause.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            guard let type = parts.first, ["application/json", "application/*", "*/*"].contains(type) else { continue }
            guard let form = parts.first(where: { $0.hasPrefix("as=") }) else {
                self = .object
                return
            }
            if form == "as=Table", canBeTable, parts.contains("g=meta.k8s.io"), parts.contains("v=v1") {
                self = .table(includeObject: includeObject ?? "Metadata")
                return
            }
        }
        throw .notAcceptable
    }
}
