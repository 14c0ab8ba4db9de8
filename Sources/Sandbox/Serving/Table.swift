/// Rows for a terminal, as `kubectl get` asks for them.
///
/// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>; columns as in
/// `k8s.io/kubernetes/pkg/printers/internalversion/printers.go`.
enum Table {
    /// - Parameters:
    ///   - metadata: of the list.
    ///   - includeObject: how much of each object goes with its row: `Metadata`, `Object` or `None`.
    ///   - hasColumns: false for the later events of a watch, which name the columns only once.
    static func table(
        _ resource: APIResource, _ items: [JSONValue], metadata: JSONValue, includeObject: String,
        hasColumns: Bool = true
    ) -> JSONValue {
        let columns = TableColumn.columns(of: resource)
        let rows = items.map { item -> JSONValue in
            var row: JSONValue = ["cells": .array(columns.map { $0.cell(item) })]
            switch includeObject {
            case "None": row["object"] = .null
            case "Object": row["object"] = item
            default:
                row["object"] = [
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": item["metadata"] ?? .null,
                ]
            }
            return row
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": hasColumns ? .array(columns.map(\.definition)) : .null, "rows": .array(rows),
        ]
    }
}
