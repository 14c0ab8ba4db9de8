import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Leases, as locks of environments are kept in them.
    static let leases: [Case] = [
        Case("a Lease keeps what is written into it, to the microsecond") { ns in
            let made = try await ns.create(.leases, ns.heldLease("a"))
            #expect(made["spec"] == ns.heldLease("a")["spec"])
            #expect(try await ns.get(.leases, "a") == made)
        },
        Case("a Lease that is there already is not made again") { ns in
            try await ns.create(.leases, ns.heldLease("a"))
            expectRefusal(
                try await ns.api.send(.post, ns.path(.leases), body: ns.heldLease("a")), 409, "AlreadyExists")
        },
        Case("a merge patch of a Lease holds only for the resourceVersion that it names") { ns in
            let made = try await ns.create(.leases, ns.heldLease("a"))
            func patch(_ version: String) -> JSONValue {
                [
                    "metadata": ["resourceVersion": .string(version)],
                    "spec": ["renewTime": "2026-01-02T03:04:09.000000Z"],
                ]
            }
            let renewed = try await ns.patch(.leases, "a", .merge, patch(made.resourceVersion)).accepted()
            #expect(renewed.resourceVersion != made.resourceVersion)
            #expect(renewed["spec", "holderIdentity"] == "replica-1")
            #expect(renewed["spec", "renewTime"] == "2026-01-02T03:04:09.000000Z")
            expectRefusal(
                try await ns.patch(.leases, "a", .merge, patch(made.resourceVersion)), 409, "Conflict")
            #expect(try await ns.get(.leases, "a") == renewed)
        },
        Case("of several who take a Lease, one gets it") { ns in
            let made = try await ns.create(.leases, ns.heldLease("a"))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for taker in 0..<8 {
                    let patch: JSONValue = [
                        "metadata": ["resourceVersion": .string(made.resourceVersion)],
                        "spec": ["holderIdentity": .string("taker-\(taker)")],
                    ]
                    group.addTask { try await ns.patch(.leases, "a", .merge, patch).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 409, count: 7))
        },
        Case("an annotation of somebody else changes the resourceVersion, and nothing of the holder's") { ns in
            let made = try await ns.create(.leases, ns.heldLease("a"))
            let asked: JSONValue = ["metadata": ["annotations": ["descry.dev/requested-by": "jenkins"]]]
            let noted = try await ns.patch(.leases, "a", .merge, asked).accepted()
            #expect(noted["spec"] == made["spec"])
            #expect(noted.resourceVersion != made.resourceVersion)
            let served: JSONValue = ["metadata": ["annotations": ["descry.dev/requested-by": .null]]]
            let bare = try await ns.patch(.leases, "a", .merge, served).accepted()
            #expect(bare["metadata", "annotations", "descry.dev/requested-by"] == nil)
        },
        Case("a Lease can be held by nobody, and is never for no time") { ns in
            try await ns.create(.leases, ns.heldLease("a"))
            let free: JSONValue = ["spec": ["holderIdentity": "", "leaseDurationSeconds": 1]]
            let released = try await ns.patch(.leases, "a", .merge, free).accepted()
            #expect(released["spec", "holderIdentity"] == "")
            for (field, value) in [("leaseDurationSeconds", 0), ("leaseDurationSeconds", -1), ("leaseTransitions", -1)]
            {
                let bad = try await ns.patch(.leases, "a", .merge, ["spec": [field: .integer(Int64(value))]])
                expectRefusal(bad, 422, "Invalid")
                #expect(bad.object["details", "causes"]?[0]?["field"]?.string == "spec.\(field)")
            }
        },
        Case("a time without microseconds is no time of a Lease") { ns in
            for time in ["2026-01-02T03:04:05Z", "now"] {
                var lease = ns.heldLease("a")
                lease["spec", "renewTime"] = .string(time)
                let answer = try await ns.api.send(.post, ns.path(.leases), body: lease)
                #expect(answer.status == 400, "\(answer.text)")
            }
        },
        Case("a Lease that may be a moment old can be asked for") { ns in
            let made = try await ns.create(.leases, ns.heldLease("a"))
            // The server's memory may be behind, and then knows nothing of it yet.
            let answer = try await ns.api.get(ns.path(.leases, "a"), ["resourceVersion": "0"])
            #expect([200, 404].contains(answer.status), "\(answer.text)")
            if answer.status == 200 { #expect(answer.object == made) }
        },
        Case("the right to one Lease, and to make any, is what a lock needs") { ns in
            let account = try await ns.account(rules: [
                PolicyRule(["get", "patch"], apiGroup: "coordination.k8s.io", ["leases"], names: ["a"]),
                PolicyRule(["create"], apiGroup: "coordination.k8s.io", ["leases"]),
            ])
            #expect(try await account.send(.post, ns.path(.leases), body: ns.heldLease("a")).status == 201)
            #expect(try await account.get(ns.path(.leases, "a")).status == 200)
            let change: JSONValue = ["spec": ["holderIdentity": "me"]]
            let type = ConformanceNamespace.PatchType.merge.rawValue
            #expect(try await account.send(.patch, ns.path(.leases, "a"), body: change, type: type).status == 200)
            #expect(try await account.send(.post, ns.path(.leases), body: ns.heldLease("b")).status == 201)
            expectRefusal(try await account.get(ns.path(.leases, "b")), 403, "Forbidden")
            expectRefusal(
                try await account.send(.patch, ns.path(.leases, "b"), body: change, type: type), 403, "Forbidden")
            expectRefusal(try await account.get(ns.path(.leases)), 403, "Forbidden")
            expectRefusal(try await account.send(.delete, ns.path(.leases, "a")), 403, "Forbidden")
        },
    ]
}

extension ConformanceNamespace {
    fileprivate func heldLease(_ name: String) -> JSONValue {
        var lease = lease(name)
        lease["spec"] = [
            "holderIdentity": "replica-1", "leaseDurationSeconds": 10,
            "acquireTime": "2026-01-02T03:04:05.000001Z", "renewTime": "2026-01-02T03:04:06.123456Z",
            "leaseTransitions": 3,
        ]
        return lease
    }
}
