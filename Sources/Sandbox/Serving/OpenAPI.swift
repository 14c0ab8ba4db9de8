/// The smallest OpenAPI description that `kubectl create` and `apply` ask for: that a resource can be patched, and takes
/// `fieldValidation`. Without it kubectl wants whole schemas, to validate by itself. There are none here, so
/// `kubectl explain` shows nothing.
enum OpenAPI {
    /// - Parameter segments: of the path: `openapi`, `v3`, and for one group `apis`, `apps`, `v1`.
    static func document(_ segments: [String]) -> JSONValue? {
        guard segments.count > 1, segments[1] == "v3" else { return nil }
        let place = segments.dropFirst(2).joined(separator: "/")
        if place.isEmpty {
            let paths = Set(APIResource.all.map(folder)).map { path in
                (path, JSONValue.object(["serverRelativeURL": .string("/openapi/v3/\(path)")]))
            }
            return ["paths": .object(Dictionary(uniqueKeysWithValues: paths))]
        }
        let served = APIResource.all.filter { folder($0) == place }
        guard !served.isEmpty else { return nil }
        let paths = served.map { resource in
            (
                "/\(place)/\(resource.isNamespaced ? "namespaces/{namespace}/" : "")\(resource.plural)/{name}",
                operation(resource)
            )
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Descry sandbox", "version": "v1.20.2"],
            "paths": .object(Dictionary(uniqueKeysWithValues: paths)), "components": ["schemas": .object([:])],
        ]
    }

    private static func folder(_ resource: APIResource) -> String {
        (resource.group.isEmpty ? "api/" : "apis/") + resource.apiVersion
    }

    private static func operation(_ resource: APIResource) -> JSONValue {
        [
            "patch": [
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": [
                    "group": .string(resource.group), "version": .string(resource.version),
                    "kind": .string(resource.kind),
                ],
                "parameters": .array(
                    ["dryRun", "fieldManager", "fieldValidation", "force"].map { name in
                        ["name": .string(name), "in": "query", "schema": ["type": "string"]]
                    }),
                "responses": ["200": ["description": "OK"]],
            ]
        ]
    }
}
