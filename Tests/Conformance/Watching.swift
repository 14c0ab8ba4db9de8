import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Watches: where they start, what they tell, how they end.
    /// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
    static let watching: [Case] = [
        Case("a watch from a list's resourceVersion tells every later change once, in order") { ns in
            try await ns.create(.configMaps, Manifest.configMap("before"))
            let version = try await ns.list(.configMaps).resourceVersion
            try await ns.api.watch(ns.path(.configMaps), ["resourceVersion": version]) { events in
                let made = try await ns.create(.configMaps, Manifest.configMap("a", ["x": "1"]))
                let changed = try await ns.patch(.configMaps, "a", .merge, ["data": ["x": "2"]]).accepted()
                try await ns.delete(.configMaps, "a")
                let told = try await events.next(3)
                #expect(told.map(\.type) == ["ADDED", "MODIFIED", "DELETED"])
                #expect(told.map(\.name) == ["a", "a", "a"])
                #expect(told[0].object == made)
                #expect(told[1].object == changed)
                #expect(told[2].object["data"] == ["x": "2"])
                // The deletion has a resourceVersion of its own, from which the watch can be resumed.
                #expect(told[2].resourceVersion != changed.resourceVersion)
            }
        },
        Case("a watch without resourceVersion tells first what is there, as added") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a", labels: ["app": "x"]))
            try await ns.create(.configMaps, Manifest.configMap("b", labels: ["app": "x"]))
            for query in [["labelSelector": "app=x"], ["labelSelector": "app=x", "resourceVersion": "0"]] {
                try await ns.api.watch(ns.path(.configMaps), query) { events in
                    let told = try await events.next(2)
                    #expect(told.map(\.type) == ["ADDED", "ADDED"])
                    #expect(Set(told.map(\.name)) == ["a", "b"])
                }
            }
        },
        Case("a watch resumed from an event's resourceVersion misses nothing and repeats nothing") { ns in
            let version = try await ns.list(.configMaps).resourceVersion
            let first = try await ns.create(.configMaps, Manifest.configMap("a"))
            try await ns.create(.configMaps, Manifest.configMap("b"))
            try await ns.delete(.configMaps, "a")
            let resumed = try await ns.api.watch(ns.path(.configMaps), ["resourceVersion": version]) { events in
                let told = try await events.next(1)
                #expect(told[0].resourceVersion == first.resourceVersion)
                return told[0].resourceVersion
            }
            try await ns.api.watch(ns.path(.configMaps), ["resourceVersion": resumed]) { events in
                let told = try await events.next(2)
                #expect(told.map { "\($0.type) \($0.name)" } == ["ADDED b", "DELETED a"])
            }
        },
        Case("a watch with a label selector tells an object that enters it as added, and one that leaves it as deleted")
        {
            ns in
            let version = try await ns.list(.configMaps).resourceVersion
            let query = ["labelSelector": "app=x", "resourceVersion": version]
            try await ns.api.watch(ns.path(.configMaps), query) { events in
                try await ns.create(.configMaps, Manifest.configMap("a"))
                let entering: JSONValue = ["metadata": ["labels": ["app": "x"]]]
                let leaving: JSONValue = ["metadata": ["labels": ["app": "y"]]]
                _ = try await ns.patch(.configMaps, "a", .merge, entering).accepted()
                _ = try await ns.patch(.configMaps, "a", .merge, ["data": ["x": "1"]]).accepted()
                _ = try await ns.patch(.configMaps, "a", .merge, leaving).accepted()
                _ = try await ns.patch(.configMaps, "a", .merge, entering).accepted()
                let told = try await events.next(4)
                #expect(told.map(\.type) == ["ADDED", "MODIFIED", "DELETED", "ADDED"])
            }
        },
        Case("a watch of one object by its name tells nothing of others") { ns in
            let version = try await ns.list(.configMaps).resourceVersion
            let query = ["fieldSelector": "metadata.name=b", "resourceVersion": version]
            try await ns.api.watch(ns.path(.configMaps), query) { events in
                try await ns.create(.configMaps, Manifest.configMap("a"))
                try await ns.create(.configMaps, Manifest.configMap("b"))
                let told = try await events.next(1)
                #expect(told.map(\.name) == ["b"])
            }
        },
        Case("a watch of pods by phase tells a pod that leaves the phase as deleted") { ns in
            let version = try await ns.list(.pods).resourceVersion
            let query = ["fieldSelector": "status.phase=Pending", "resourceVersion": version]
            try await ns.api.watch(ns.path(.pods), query) { events in
                try await ns.create(.pods, Manifest.pod("a"))
                var types: [String] = []
                while types.last != "DELETED", let event = try await events.next() { types.append(event.type) }
                #expect(types.first == "ADDED")
                #expect(types.last == "DELETED")
            }
        },
        Case("a watch ends by itself after timeoutSeconds") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            let query = ["timeoutSeconds": "1", "fieldSelector": "metadata.name=a"]
            try await ns.api.watch(ns.path(.configMaps), query) { events in
                let (event, end) = (try await events.next(), try await events.next())
                #expect(event?.name == "a")
                #expect(end == nil)
            }
        },
        Case("bookmarks, where allowed, have a resourceVersion and nothing else, and can be resumed from") { ns in
            let version = try await ns.list(.configMaps).resourceVersion
            // One comes at the latest before the timeout, whatever the server's own interval.
            let query = ["resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": "4"]
            let bookmark = try await ns.api.watch(ns.path(.configMaps), query) { events in
                try await ns.create(.configMaps, Manifest.configMap("a"))
                while let event = try await events.next() { if event.type == "BOOKMARK" { return event } }
                throw APIClient.Refused(status: 200, text: "no bookmark")
            }
            #expect(bookmark.object["kind"] == "ConfigMap")
            #expect(bookmark.object["apiVersion"] == "v1")
            #expect(bookmark.name == "")
            try await ns.api.watch(ns.path(.configMaps), ["resourceVersion": bookmark.resourceVersion]) { events in
                try await ns.create(.configMaps, Manifest.configMap("b"))
                #expect(try await events.next()?.name == "b")
            }
        },
        Case("without allowWatchBookmarks there are none") { ns in
            try await ns.create(.configMaps, Manifest.configMap("a"))
            try await ns.api.watch(ns.path(.configMaps), ["timeoutSeconds": "3", "resourceVersion": "0"]) { events in
                let told = try await events.next(.max)
                #expect(!told.isEmpty && told.allSatisfy { $0.type != "BOOKMARK" })
            }
        },
        Case("a watch from a resourceVersion that is forgotten ends with an ERROR event of code 410", alone: true) {
            ns in
            // Events, because the API server keeps no history of its own of them.
            let old = try await ns.list(.events).resourceVersion
            let last = try await ns.create(.configMaps, Manifest.configMap("a"))
            let later = try await ns.create(.configMaps, Manifest.configMap("b"))
            try await ns.server.forgetHistory(later.resourceVersion)
            #expect(last.resourceVersion != old)
            try await ns.api.watch(ns.path(.events), ["resourceVersion": old]) { events in
                let event = try #require(try await events.next())
                #expect(event.type == "ERROR")
                #expect(event.object["kind"] == "Status")
                #expect(event.object["code"] == 410)
                #expect(["Expired", "Gone"].contains(event.object["reason"]?.string))
                #expect(try await events.next() == nil)
            }
        },
    ]
}
