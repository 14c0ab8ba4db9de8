import FoundationEssentials

/// Lists, in pages where the client wants them: all pages show the objects as they were when the first was read.
struct Listing {
    let store: ObjectStore

    /// - Throws: `StatusError` 400 for a token that is none, 410 for one whose state is forgotten, 504 for a
    ///   resourceVersion that is yet to come.
    func list(_ request: APIRequest, _ selection: Selection) throws(StatusError) -> JSONValue {
        let limit = try request.number("limit") ?? 0
        var (items, version) = store.list(selection.resource, namespace: selection.namespace)
        if let text = request.query["continue"], !text.isEmpty {
            let token = try ContinueToken(text)
            if token.resourceVersion != ContinueToken.newest {
                version = token.resourceVersion
                items = try page(selection, at: version, startingAfter: token.last)
            }
            items = items.filter { Self.position($0) > token.last }
        } else {
            try check(request, newest: version)
            if let match = request.query["resourceVersionMatch"] {
                guard let exact = try request.number("resourceVersion") else {
                    throw .invalidOptions(
                        "ListOptions", field: "resourceVersionMatch", reason: "FieldValueForbidden",
                        "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")
                }
                if match == "Exact" {
                    version = exact
                    items = try store.list(selection.resource, namespace: selection.namespace, at: exact)
                }
            }
        }
        items = items.filter(selection.matches)
        var metadata: JSONValue = ["resourceVersion": .string(String(version))]
        if limit > 0, items.count > limit {
            let page = Array(items.prefix(limit))
            metadata["continue"] = page.last.map { last in
                .string(ContinueToken(resourceVersion: version, last: Self.position(last)).text)
            }
            // The API leaves it out where a selector is given, because etcd cannot count those.
            if !selection.isFiltered { metadata["remainingItemCount"] = .integer(Int64(items.count - limit)) }
            items = page
        }
        return [
            "kind": .string(selection.resource.kind + "List"), "apiVersion": .string(selection.resource.apiVersion),
            "metadata": metadata, "items": .array(items),
        ]
    }

    private func page(
        _ selection: Selection, at version: Int, startingAfter last: String
    ) throws(StatusError) -> [JSONValue] {
        do {
            return try store.list(selection.resource, namespace: selection.namespace, at: version)
        } catch {
            var error = StatusError.expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
            )
            error.continueToken = ContinueToken(resourceVersion: ContinueToken.newest, last: last).text
            throw error
        }
    }

    /// Refuses a resourceVersion that is none, or that no write has reached yet.
    func check(_ request: APIRequest, newest: Int) throws(StatusError) {
        guard let text = request.query["resourceVersion"], !text.isEmpty else { return }
        guard let version = Int(text), version >= 0 else { throw .unreadableVersion(text) }
        guard version > newest else { return }
        throw StatusError(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(version), current: \(newest)",
            causes: [.init(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: nil)],
            retryAfter: 1)
    }

    /// Objects are listed in the order of these.
    private static func position(_ object: JSONValue) -> String {
        "\(object["metadata", "namespace"]?.string ?? "")\u{0}\(object["metadata", "name"]?.string ?? "")"
    }
}

/// Where the next page begins.
struct ContinueToken: Codable {
    /// As in the API, a token that forgoes a consistent list says so by this resourceVersion.
    static let newest = -1

    private var v = "meta.k8s.io/v1"
    private var rv: Int
    private var start: String

    var resourceVersion: Int { rv }
    /// The last object before the page: namespace, NUL, name.
    var last: String { start }

    init(resourceVersion: Int, last: String) {
        rv = resourceVersion
        start = last
    }

    init(_ text: String) throws(StatusError) {
        let padded =
            text.replacing("-", with: "+").replacing("_", with: "/")
            + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        do {
            self = try JSONDecoder().decode(ContinueToken.self, from: Data(base64Encoded: padded) ?? Data())
        } catch {
            throw .badRequest("invalid continue token: continue key is not valid: \"\(text)\"")
        }
    }

    var text: String {
        let json: JSONValue = ["v": .string(v), "rv": .integer(Int64(rv)), "start": .string(start)]
        let bytes = (try? json.json()) ?? Data()  // strings and a whole number: JSON can hold them
        return bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension StatusError {
    static func unreadableVersion(_ text: String) -> StatusError {
        StatusError(
            code: 500, reason: "",
            message:
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
    }
}
