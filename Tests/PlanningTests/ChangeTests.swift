import Planning
import Testing
import Workloads

/// Which differences cause a write, why, and which do not.
@Suite struct ChangeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var kind: WorkloadKind = .statefulSet
        var version = Shop.new
        /// Where the workload starts: at the wanted version unless the row is about versions.
        var running = Shop.new
        let changes: [String]
        var notes: [PlanNote.Code] = []
        var change: @Sendable (inout Workload) -> Void = { _ in }
        var testDescription: String { "\(kind.rawValue): \(name)" }
    }

    private static let image = "spec.template.spec.containers[web].image"

    // Nothing to do. A new commit of the deployment repository is no reason: a thousand apps, no write.
    static let nothing =
        WorkloadKind.allCases.map { Row(name: "as wanted", kind: $0, changes: []) } + [
            Row(name: "another commit and change cause", changes: []) {
                $0.annotations["descry.dev/commit"] = "1111111"
                $0.annotations["kubernetes.io/change-cause"] = nil
            },
            Row(name: "foreign annotations", changes: []) { $0.annotations["example.com/owner"] = "shop" },
            Row(name: "no partition written", changes: []) { $0.strategy.partition = nil },
            Row(name: "scaled to 0", changes: [], notes: [.scaledToZero]) { $0.replicas = 0 },
            // Recreate replaces all pods; an app whose volume one pod only may mount depends on it.
            Row(name: "Recreate", kind: .deployment, changes: []) { $0.strategy.type = "Recreate" },
        ]

    // The image, and why it differs.
    static let images = [
        Row(
            name: "another version", running: Shop.old,
            changes: ["version \(image)", "annotation metadata.annotations[descry.dev/version]"]),
        Row(name: "drift: deployed as wanted, and changed since", changes: ["drifted-image \(image)"]) {
            $0.containers[0].image = ContainerImage("\(Shop.registry)/web:hotfix")
        },
        Row(name: "the same version from another registry", changes: ["registry \(image)"], notes: [.otherRepository]) {
            $0.containers[0].image = ContainerImage("docker.io/shop/web:\(Shop.new)")
        },
        Row(
            name: "another version from another registry", running: Shop.old,
            changes: ["version \(image)", "annotation metadata.annotations[descry.dev/version]"],
            notes: [.otherRepository]
        ) {
            $0.containers[0].image = ContainerImage("docker.io/shop/web:\(Shop.old)")
        },
        Row(name: "pinned to a digest", changes: ["drifted-image \(image)"], notes: [.pinnedByDigest]) {
            $0.containers[0].image = ContainerImage("\(Shop.registry)/web:\(Shop.new)@sha256:0123")
        },
        Row(name: "a digest and no tag", changes: ["drifted-image \(image)"], notes: [.pinnedByDigest]) {
            $0.containers[0].image = ContainerImage("\(Shop.registry)/web@sha256:0123")
        },
    ]

    // What would keep the pods from being replaced.
    static let strategies = [
        Row(name: "OnDelete", changes: ["strategy spec.updateStrategy.type"]) {
            $0.strategy = UpdateStrategy(type: "OnDelete")
        },
        Row(name: "OnDelete", kind: .daemonSet, changes: ["strategy spec.updateStrategy.type"]) {
            $0.strategy = UpdateStrategy(type: "OnDelete")
        },
        Row(name: "a partition left", changes: ["partition spec.updateStrategy.rollingUpdate.partition"]) {
            $0.strategy.partition = 2
        },
        Row(name: "paused", kind: .deployment, changes: [], notes: [.paused]) { $0.isPaused = true },
    ]

    // The annotations by which status and history know the workload.
    static let annotations = [
        Row(
            name: "never deployed by Descry",
            changes: [
                "annotation metadata.annotations[descry.dev/environment]",
                "annotation metadata.annotations[descry.dev/version]",
            ]
        ) { $0.annotations = [:] },
        Row(
            name: "an older version in the annotation", changes: ["annotation metadata.annotations[descry.dev/version]"]
        ) {
            $0.annotations["descry.dev/version"] = Shop.old
        },
        Row(
            name: "another environment", changes: ["annotation metadata.annotations[descry.dev/environment]"],
            notes: [.otherEnvironment]
        ) { $0.annotations["descry.dev/environment"] = "STAGE" },
    ]

    @Test("changes, their reasons, and notes", arguments: nothing + images + strategies + annotations)
    func changes(_ row: Row) throws {
        var workload = Shop.workload("web", kind: row.kind, version: row.running)
        row.change(&workload)
        let plan = try Shop.plan("apps:\n" + Shop.app("web", row.version, "kind: \(row.kind.rawValue)"), [workload])
        #expect(plan.problems.isEmpty && plan.isExecutable)
        let app = try #require(plan.apps.first)
        #expect(app.changes.map { "\($0.reason.rawValue) \($0.path)" } == row.changes)
        #expect(app.notes.map(\.code) == row.notes)
        #expect(app.isChanged == !row.changes.isEmpty)
        #expect(app.changesSpec == row.changes.contains { !$0.hasPrefix("annotation") })
        #expect(plan.waves.flatMap { $0 }.count == (row.changes.isEmpty ? 0 : 1))
        #expect(app.diff.isEmpty == row.changes.isEmpty)
        #expect(app.images.map(\.desired.description) == ["\(Shop.registry)/web:\(Shop.new)"])
    }

    @Test("from and to, and what the patch writes")
    func values() throws {
        let plan = try Shop.plan("apps:\n" + Shop.app("web"), [Shop.workload("web")])
        let app = try #require(plan.apps.first)
        #expect(app.changes.first?.from == "\(Shop.registry)/web:\(Shop.old)")
        #expect(app.changes.first?.to == "\(Shop.registry)/web:\(Shop.new)")
        #expect(app.previousVersion == Shop.old)
        #expect(
            app.annotations == [
                "descry.dev/environment": "DEV", "descry.dev/version": Shop.new, "descry.dev/commit": Shop.commit,
                "kubernetes.io/change-cause": "\(Shop.new) for DEV by descry, commit 9f8e7d6c5b4a",
            ])
    }

    @Test("the version before is what the image says, then what the annotation says")
    func previousVersion() throws {
        var workload = Shop.workload("web")
        workload.containers[0].image = ContainerImage("\(Shop.registry)/web:hotfix")
        #expect(try Shop.plan("apps:\n" + Shop.app("web"), [workload]).apps.first?.previousVersion == "hotfix")
        workload.containers[0].image = ContainerImage("\(Shop.registry)/web@sha256:01")
        #expect(try Shop.plan("apps:\n" + Shop.app("web"), [workload]).apps.first?.previousVersion == Shop.old)
    }

    @Test("an image of one's own: under the registry without a host, as it stands with one")
    func ownImage() throws {
        for (written, expected) in [
            ("team/frontend", "\(Shop.registry)/team/frontend"), ("ghcr.io/team/frontend", "ghcr.io/team/frontend"),
        ] {
            let plan = try Shop.plan("apps:\n" + Shop.app("web", Shop.new, "image: \(written)"), [Shop.workload("web")])
            #expect(plan.apps.first?.images.first?.desired.repository == expected)
        }
    }
}
