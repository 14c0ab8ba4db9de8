import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Discovery: what `kubectl` and Descry ask before anything else.
    static let discovering: [Case] = [
        Case("the version, also for somebody unknown") { ns in
            for client in [ns.api, ns.server.anonymous] {
                let version = try await client.get("/version").accepted()
                #expect(version["major"] == "1")
                #expect(Int(version["minor"]?.string?.prefix { $0.isNumber } ?? "") ?? 0 >= 20)
                #expect(version["gitVersion"]?.string?.hasPrefix("v1.") == true)
            }
        },
        Case("the server says that it is well") { ns in
            for path in ["/healthz", "/livez", "/readyz"] {
                let answer = try await ns.api.get(path, accept: "*/*")
                #expect(answer.status == 200)
                #expect(answer.text == "ok")
            }
        },
        Case("the core API and the groups") { ns in
            let core = try await ns.api.get("/api").accepted()
            #expect(core["kind"] == "APIVersions")
            #expect(core["versions"] == ["v1"])
            let groups = try await ns.api.get("/apis").accepted()
            #expect(groups["kind"] == "APIGroupList")
            for name in ["apps", "batch", "coordination.k8s.io", "authorization.k8s.io"] {
                let group = try #require(groups["groups"]?.first(name))
                #expect(group["preferredVersion", "groupVersion"]?.string == "\(name)/v1")
                #expect(group["versions"]?.first("v1", by: "version")?["groupVersion"]?.string == "\(name)/v1")
                let alone = try await ns.api.get("/apis/\(name)").accepted()
                #expect(alone["kind"] == "APIGroup")
                #expect(alone["name"]?.string == name)
            }
        },
        Case("the resources of each group that Descry and kubectl use") { ns in
            for (root, resources) in [
                (
                    "/api/v1",
                    ["namespaces", "pods", "pods/log", "pods/status", "services", "configmaps", "events"]
                ),
                (
                    "/apis/apps/v1",
                    [
                        "statefulsets", "statefulsets/status", "deployments", "deployments/status", "replicasets",
                        "controllerrevisions",
                    ]
                ),
                ("/apis/batch/v1", ["jobs", "jobs/status"]), ("/apis/coordination.k8s.io/v1", ["leases"]),
                ("/apis/authorization.k8s.io/v1", ["selfsubjectaccessreviews"]),
            ] {
                let list = try await ns.api.get(root).accepted()
                #expect(list["kind"] == "APIResourceList")
                #expect(
                    list["groupVersion"]?.string
                        == String(root.split(separator: "/").dropFirst().joined(separator: "/")))
                for name in resources {
                    let resource = try #require(list["resources"]?.first(name), "\(name)")
                    #expect(resource["namespaced"]?.bool == !["namespaces", "selfsubjectaccessreviews"].contains(name))
                    #expect(resource["kind"]?.string?.isEmpty == false)
                }
            }
        },
        Case("a resource tells its kind, its verbs and its short names") { ns in
            let list = try await ns.api.get("/apis/apps/v1").accepted()
            let resource = try #require(list["resources"]?.first("statefulsets"))
            #expect(resource["kind"] == "StatefulSet")
            #expect(resource["shortNames"] == ["sts"])
            let verbs = Set(resource["verbs"]?.array?.compactMap(\.string) ?? [])
            #expect(verbs.isSuperset(of: ["create", "delete", "get", "list", "patch", "update", "watch"]))
        },
        Case("a list as a table: what kubectl get prints") { ns in
            try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let table = try await ns.api.get(
                ns.path(.statefulSets), accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
            ).accepted()
            #expect(table["kind"] == "Table")
            #expect(table["apiVersion"] == "meta.k8s.io/v1")
            let columns = table["columnDefinitions"]?.array?.filter { $0["priority"] == 0 }.compactMap {
                $0["name"]?.string
            }
            #expect(columns == ["Name", "Ready", "Age"])
            #expect(table["rows"]?[0]?["cells"]?[0] == "web")
            #expect(table["rows"]?[0]?["cells"]?[1] == "0/0")
            #expect(table["rows"]?[0]?["object", "metadata", "name"] == "web")
        },
    ]
}
