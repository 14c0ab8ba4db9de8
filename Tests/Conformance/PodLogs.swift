import Sandbox
import TestServers
import Testing

extension Conformance {
    /// What a container has written, and the words in which there is nothing to read.
    static let podLogs: [Case] = [
        Case("the log of a container that has ended, and the end of it") { ns in
            try await ns.create(.jobs, Manifest.job("a", image: Manifest.image(.crashes)))
            _ = try await ns.state(of: .jobs, "a") { $0.condition("Failed")?["status"] == "True" }
            let pod = try #require(try await ns.names(.pods).first)
            let begin = "app: started \(Manifest.image(.crashes))\n"
            let end = "app: error: exit code 1\n"
            for (query, text) in [
                ([:], begin + end), (["container": "app"], begin + end), (["tailLines": "1"], end),
                (["tailLines": "20", "limitBytes": "4"], "app:"), (["tailLines": "0"], ""),
            ] as [([String: String], String)] {
                let answer = try await ns.api.get(ns.path(.pods, pod, "log"), query)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.text == text)
            }
        },
        Case("the log of one that runs, and none before") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            _ = try await ns.state(of: .pods, "a") { $0.isReady }
            #expect(try await ns.api.get(ns.path(.pods, "a", "log")).text == "app: started \(Manifest.good)\n")
            let before = try await ns.api.get(ns.path(.pods, "a", "log"), ["previous": "true"])
            expectRefusal(before, 400, "BadRequest")
            #expect(before.message == #"previous terminated container "app" in pod "a" not found"#)
        },
        Case("one that has not started: 400, with the reason") { ns in
            try await ns.create(.pods, Manifest.pod("a", image: Manifest.image(.pullFails)))
            _ = try await ns.state(of: .pods, "a") { $0.waiting() == "ImagePullBackOff" }
            let answer = try await ns.api.get(ns.path(.pods, "a", "log"))
            expectRefusal(answer, 400, "BadRequest")
            #expect(
                answer.message == #"container "app" in pod "a" is waiting to start: trying and failing to pull image"#)
        },
        Case("of several containers one has to be named, and it has to be there") { ns in
            var manifest = Manifest.pod("a")
            manifest["spec", "containers"] = [
                Manifest.container("app", Manifest.good), Manifest.container("proxy", Manifest.good),
            ]
            try await ns.create(.pods, manifest)
            _ = try await ns.state(of: .pods, "a") { $0.isReady }
            let unnamed = try await ns.api.get(ns.path(.pods, "a", "log"))
            expectRefusal(unnamed, 400, "BadRequest")
            #expect(
                unnamed.message == "a container name must be specified for pod a, choose one of: [app proxy]")
            let unknown = try await ns.api.get(ns.path(.pods, "a", "log"), ["container": "web"])
            expectRefusal(unknown, 400, "BadRequest")
            #expect(unknown.message == "container web is not valid for pod a")
            let named = try await ns.api.get(ns.path(.pods, "a", "log"), ["container": "proxy"])
            #expect(named.text == "proxy: started \(Manifest.good)\n")
        },
        Case("of a pod that is not there: 404") { ns in
            let answer = try await ns.api.get(ns.path(.pods, "a", "log"))
            expectRefusal(answer, 404, "NotFound")
            #expect(answer.message == "pods \"a\" not found")
        },
        Case("the right to pods is not the right to their logs") { ns in
            try await ns.create(.pods, Manifest.pod("a"))
            _ = try await ns.state(of: .pods, "a") { $0.isReady }
            let reader = try await ns.account("reader", rules: [PolicyRule(["get"], apiGroup: "", ["pods"])])
            expectRefusal(try await reader.get(ns.path(.pods, "a", "log")), 403, "Forbidden")
            let logger = try await ns.account("logger", rules: [PolicyRule(["get"], apiGroup: "", ["pods/log"])])
            #expect(try await logger.get(ns.path(.pods, "a", "log")).status == 200)
            expectRefusal(try await logger.get(ns.path(.pods, "a")), 403, "Forbidden")
        },
    ]
}
