/// Requirements on single fields, all of which must hold.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/>.
struct FieldSelector: Sendable, Hashable {
    private struct Requirement: Hashable {
        var field: String
        var value: String
        var isEqual: Bool
    }

    private var requirements: [Requirement] = []

    /// - Parameter text: `metadata.name=backend,status.phase!=Running`; empty selects everything.
    /// - Throws: `StatusError` 400 where it is no selector.
    init(_ text: String) throws(StatusError) {
        for part in text.split(separator: ",") {
            guard let range = ["!=", "==", "="].lazy.compactMap({ part.firstRange(of: $0) }).first else {
                throw .badRequest("invalid selector: '\(text)'; can't understand '\(part)'")
            }
            requirements.append(
                Requirement(
                    field: String(part[..<range.lowerBound]), value: String(part[range.upperBound...]),
                    isEqual: part[range] != "!="))
        }
    }

    /// The one name that it selects.
    var name: String? { requirements.first { $0.field == "metadata.name" && $0.isEqual }?.value }

    /// - Throws: `StatusError` 400 where a field cannot be selected by for that resource.
    func check(_ resource: APIResource) throws(StatusError) {
        let known = ["metadata.name", "metadata.namespace"] + (Self.fields[resource.plural] ?? [])
        for requirement in requirements where !known.contains(requirement.field) {
            let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
            throw .badRequest("\"\(requirement.field)\" is not a known field selector: only \(list)")
        }
    }

    func matches(_ object: JSONValue) -> Bool {
        requirements.allSatisfy { requirement in
            let path =
                requirement.field == "source"
                ? ["source", "component"] : requirement.field.split(separator: ".").map(String.init)
            let value = path.reduce(Optional(object)) { $0?[$1] }
            let text = value?.string ?? value?.integer.map { String($0) } ?? ""
            return (text == requirement.value) == requirement.isEqual
        }
    }

    private static let fields = [
        "pods": [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase",
            "status.podIP", "status.nominatedNodeName",
        ],
        "events": [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
            "source", "type",
        ],
        "namespaces": ["status.phase"],
        "replicasets": ["status.replicas"],
    ]
}
