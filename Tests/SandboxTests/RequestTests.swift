import Testing

@testable import Sandbox

/// What a method and a path mean, and what is selected by a query.
@Suite struct RequestTests {
    /// Each form of path that the API has, once.
    @Test(arguments: [
        ("GET", "/api/v1/pods", "list", "", "pods", "", "", ""),
        ("GET", "/api/v1/namespaces/shop/pods", "list", "", "pods", "", "shop", ""),
        ("GET", "/api/v1/namespaces/shop/pods?watch=true", "watch", "", "pods", "", "shop", ""),
        ("GET", "/api/v1/namespaces/shop/pods/web-0", "get", "", "pods", "", "shop", "web-0"),
        ("GET", "/api/v1/namespaces/shop/pods/web-0/log", "get", "", "pods", "log", "shop", "web-0"),
        ("GET", "/api/v1/namespaces/shop/services/web/proxy/a/b", "get", "", "services", "proxy", "shop", "web"),
        ("GET", "/api/v1/namespaces/shop/pods/web-0:80/proxy/a?b=c", "get", "", "pods", "proxy", "shop", "web-0:80"),
        (
            "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/status", "patch", "apps", "deployments", "status",
            "shop", "web"
        ),
        (
            "DELETE", "/apis/apps/v1/namespaces/shop/deployments", "deletecollection", "apps", "deployments", "",
            "shop", ""
        ),
        // A namespace is an object within itself.
        ("GET", "/api/v1/namespaces", "list", "", "namespaces", "", "", ""),
        ("GET", "/api/v1/namespaces/shop", "get", "", "namespaces", "", "shop", "shop"),
        ("PUT", "/api/v1/namespaces/shop/status", "update", "", "namespaces", "status", "shop", "shop"),
        // A selector for one name counts as that name.
        ("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dweb-0", "list", "", "pods", "", "", "web-0"),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name!%3Dweb-0", "list", "", "pods", "", "", ""),
    ])
    func `a path names an action`(
        method: String, target: String, verb: String, group: String, resource: String, subresource: String,
        namespace: String, name: String
    ) throws {
        let expected: Action? = Action(
            verb: verb, group: group, resource: resource, subresource: subresource, namespace: namespace, name: name)
        let request = try APIRequest(method: method, target: target)
        #expect(request.action == expected)
    }

    @Test(arguments: ["/", "/version", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/openapi/v3"])
    func `other paths name none`(path: String) throws {
        let request = try APIRequest(method: "GET", target: path)
        #expect(request.action == nil)
    }

    @Test func `a query is decoded as Go encodes it`() throws {
        let request = try APIRequest(method: "GET", target: "/api/v1/pods?labelSelector=a+in+%28b%2Cc%29&watch=&x")
        #expect(request.query == ["labelSelector": "a in (b,c)", "watch": "", "x": ""])
    }

    /// Of three objects, those that a selector selects.
    @Test(arguments: [
        ("", ["a", "b", "c"]), ("app=x", ["a", "b"]), ("app==x,tier=front", ["a"]), ("app!=x", ["c"]),
        ("tier", ["a", "c"]), ("!tier", ["b"]), ("app in (x, z)", ["a", "b"]), ("app notin (x)", ["c"]),
        // What has no such label is not among the values.
        ("tier!=front", ["b", "c"]), ("tier notin (front)", ["b", "c"]), ("app in (x,y),!tier", ["b"]),
    ])
    func `labels are selected by`(selector: String, names: [String]) throws {
        let labels: [(String, JSONValue)] = [
            ("a", ["app": "x", "tier": "front"]), ("b", ["app": "x"]), ("c", ["app": "y", "tier": "back"]),
        ]
        let selected = try labels.filter { try LabelSelector(selector).matches(["metadata": ["labels": $0.1]]) }
        #expect(selected.map(\.0) == names)
    }

    @Test(arguments: ["a in x", "=x", "a b", "a===b", "a in (b", "a,", "!"])
    func `what is no label selector is refused`(text: String) {
        #expect(throws: StatusError.self) { try LabelSelector(text) }
    }

    /// The first type that is accepted and can be given is taken.
    @Test(
        arguments: [
            (nil, Representation.object), ("*/*", .object), ("application/json", .object),
            ("application/vnd.kubernetes.protobuf, application/json", .object),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", .table(includeObject: "Metadata")),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json", .object),
            ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json", .object),
            ("text/html", nil), ("application/vnd.kubernetes.protobuf", nil), ("application/json;as=Other", nil),
        ] as [(String?, Representation?)])
    func `a form is chosen by Accept`(accept: String?, expected: Representation?) {
        let chosen = try? Representation(accept: accept, includeObject: nil, canBeTable: true)
        #expect(chosen == expected)
    }
}
