import Planning
import Testing
import Workloads

/// The diff is read by people and by `patch`-like tools: whole texts, and the counts of the hunk.
@Suite struct FieldDiffTests {
    @Test("another version")
    func version() throws {
        let app = try #require(Shop.plan("apps:\n" + Shop.app("web"), [Shop.workload("web")]).apps.first)
        #expect(
            app.diff == """
                --- statefulset/web (running)
                +++ statefulset/web (9f8e7d6)
                @@ -1,12 +1,12 @@
                 metadata:
                   annotations:
                -    descry.dev/commit: 0000000
                +    descry.dev/commit: 9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c
                     descry.dev/environment: DEV
                -    descry.dev/version: 1.0.0-release-0a1b2c3
                +    descry.dev/version: 1.1.0-release-4d5e6f7
                -    kubernetes.io/change-cause: the deployment before
                +    kubernetes.io/change-cause: 1.1.0-release-4d5e6f7 for DEV by descry, commit 9f8e7d6c5b4a
                 spec:
                   template:
                     spec:
                       containers:
                       - name: web
                -        image: nexus.example.com:32554/shop/web:1.0.0-release-0a1b2c3
                +        image: nexus.example.com:32554/shop/web:1.1.0-release-4d5e6f7

                """)
    }

    @Test("first deployment: strategy, partition, init container, and annotations that are not there")
    func everything() throws {
        var workload = Shop.workload("web")
        workload.annotations = [:]
        workload.strategy.partition = 2
        workload.initContainers = [Container(name: "migrate", image: workload.containers[0].image)]
        let yaml = "apps:\n" + Shop.app("web", Shop.new, "container: [web, migrate]")
        let lines = try #require(Shop.plan(yaml, [workload]).apps.first).diff.split(separator: "\n").map(String.init)
        #expect(lines.contains("+    descry.dev/environment: DEV"))
        #expect(lines.contains("       initContainers:") && lines.contains("       - name: migrate"))
        #expect(
            lines.suffix(4) == [
                "     rollingUpdate:", "-      partition: 2", "+      partition: 0", "     type: RollingUpdate",
            ])
        workload.strategy = UpdateStrategy(type: "OnDelete")
        let again = try #require(Shop.plan(yaml, [workload]).apps.first).diff
        #expect(again.hasSuffix("   updateStrategy:\n-    type: OnDelete\n+    type: RollingUpdate\n"))
        // The hunk counts its own lines.
        let old = lines.dropFirst(3).count { !$0.hasPrefix("+") }
        let new = lines.dropFirst(3).count { !$0.hasPrefix("-") }
        #expect(lines[2] == "@@ -1,\(old) +1,\(new) @@")
    }

    @Test("a foreign value cannot forge lines, escape the terminal, or pass for something else")
    func quoting() throws {
        for (value, written) in [
            ("a\n+    descry.dev/version: forged", #""a\n+    descry.dev/version: forged""#),
            ("\u{1B}[31mred", #""\x1b[31mred""#), ("a: b", #""a: b""#), ("", #""""#), ("\"quoted\"", #""\"quoted\"""#),
            ("back\\slash", #"back\slash"#), ("{}", #""{}""#),
        ] {
            var workload = Shop.workload("web")
            workload.annotations["kubernetes.io/change-cause"] = value
            let diff = try #require(Shop.plan("apps:\n" + Shop.app("web"), [workload]).apps.first).diff
            #expect(diff.contains("-    kubernetes.io/change-cause: \(written)\n"), "\(value)")
        }
    }
}
