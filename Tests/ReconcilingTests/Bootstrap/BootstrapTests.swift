import Descriptors
import Documents
import Planning
import Reporting
import TestExamples
import Testing
import Workloads

@testable import Reconciling

/// `descry init`: from workloads to descriptors, environment files and rights.
@Suite struct BootstrapTests {
    private typealias Scene = BootstrapScene

    /// A workload, and what the descriptor says of it.
    struct Taken: Sendable, CustomStringConvertible {
        let description: String
        let workload: Workload
        let text: String
    }

    static let taken: [Taken] = [
        // The default rules find container and image.
        Taken(description: "the container of its name", workload: Scene.workload("a"), text: "version: \(Scene.rc)"),
        Taken(
            description: "the only container", workload: Scene.workload("a", .statefulSet, ["main=a:\(Scene.rc)"]),
            text: "version: \(Scene.rc)"),
        Taken(
            description: "a sidecar from elsewhere",
            workload: Scene.workload("a", .statefulSet, ["a=a:\(Scene.rc)", "proxy=docker.io/envoy:v1.30"]),
            text: "version: \(Scene.rc)"),
        Taken(
            description: "an init container of another version",
            workload: Scene.workload("a", initial: ["migrate=a:\(Scene.release)"]), text: "version: \(Scene.rc)"),
        Taken(
            description: "another kind", workload: Scene.workload("a", .daemonSet),
            text: "version: \(Scene.rc)\n    kind: DaemonSet"),
        // They do not.
        Taken(
            description: "an init container with the same image",
            workload: Scene.workload("a", initial: ["migrate=a:\(Scene.rc)"]),
            text: "version: \(Scene.rc)\n    container: [a, migrate]"),
        Taken(
            description: "several containers, one of which has a version",
            workload: Scene.workload("a", .deployment, ["proxy=docker.io/envoy:v1.30", "app=a:\(Scene.release)"]),
            text: "version: \(Scene.release)\n    kind: Deployment\n    container: app"),
        Taken(
            description: "another path of the registry",
            workload: Scene.workload("a", .statefulSet, ["a=nexus.example.com:32554/shop/team/b:\(Scene.rc)"]),
            text: "version: \(Scene.rc)\n    image: team/b"),
        Taken(
            description: "a path that would be read as a host",
            workload: Scene.workload("a", .statefulSet, ["a=nexus.example.com:32554/shop/my.team/b:\(Scene.rc)"]),
            text: "version: \(Scene.rc)\n    image: nexus.example.com:32554/shop/my.team/b"),
        Taken(
            description: "another path of the registry's host",
            workload: Scene.workload("a", .statefulSet, ["a=nexus.example.com:32554/tools/a:\(Scene.rc)"]),
            text: "version: \(Scene.rc)\n    image: nexus.example.com:32554/tools/a"),
    ]

    @Test(arguments: taken) func `what runs a version is taken`(_ row: Taken) throws {
        let draft = try #require(try Scene.bootstrap([row.workload]).drafts.first)
        #expect(draft.leftOut.isEmpty, "\(draft.leftOut)")
        #expect(draft.descriptor.hasSuffix("apps:\n  - name: a\n    \(row.text)\n"), "\(draft.descriptor)")
        try Self.expectNoChange(draft, [row.workload])
    }

    /// The planner's own word: only annotations are new.
    private static func expectNoChange(_ draft: Bootstrap.Draft, _ workloads: [Workload]) throws {
        let plan = Plan(
            apps: try Descriptor.parse(Array(draft.descriptor.utf8), file: "f").apps, commit: "c",
            rules: PlanningRules(draft.environment),
            observed: Dictionary(workloads.map { ($0.key, $0) }) { first, _ in first })
        #expect(plan.problems.isEmpty)
        #expect(plan.apps.flatMap(\.changes).allSatisfy { $0.reason == .annotation })
    }

    /// A workload that is no app, and why.
    struct Left: Sendable, CustomStringConvertible {
        let code: String
        let workload: Workload
        var description: String { "\(code) \(workload.containers.map(\.image.description))" }
    }

    private static func changed(_ body: (inout Workload) -> Void) -> Workload {
        var workload = Scene.workload("a")
        body(&workload)
        return workload
    }

    static let left: [Left] = [
        // Tags.
        Left(code: "version-numbers", workload: Scene.workload("a", .statefulSet, ["a=a:latest"])),
        Left(code: "version-channel-missing", workload: Scene.workload("a", .statefulSet, ["a=a:1.2.3"])),
        Left(code: "version-prefix", workload: Scene.workload("a", .statefulSet, ["a=a:v1.0.0-rc-0a1b2c3"])),
        Left(code: "no-tag", workload: Scene.workload("a", .statefulSet, ["a=nexus.example.com:32554/shop/a"])),
        Left(
            code: "pinned-by-digest",
            workload: Scene.workload("a", .statefulSet, ["a=a:\(Scene.rc)@sha256:\(String(repeating: "0", count: 64))"])
        ),
        // The container that counts decides, whatever else there is.
        Left(
            code: "version-numbers",
            workload: Scene.workload("a", .statefulSet, ["a=a:latest", "b=b:\(Scene.rc)"])),
        // Registries.
        Left(code: "foreign-registry", workload: Scene.workload("a", .statefulSet, ["a=docker.io/x/a:\(Scene.rc)"])),
        Left(code: "foreign-registry", workload: Scene.workload("a", .statefulSet, ["a=x/a:\(Scene.rc)"])),
        Left(
            code: "foreign-registry",
            workload: Scene.workload("a", .statefulSet, ["a=nexus.example.com/shop/a:\(Scene.rc)"])),
        // Containers.
        Left(code: "no-version", workload: Scene.workload("a", .statefulSet, ["b=b:latest", "c=c:1"])),
        Left(
            code: "ambiguous-container",
            workload: Scene.workload("a", .statefulSet, ["b=b:\(Scene.rc)", "c=c:\(Scene.rc)"])),
        // The object itself.
        Left(code: "being-deleted", workload: changed { $0.isBeingDeleted = true }),
        Left(code: "controlled", workload: changed { $0.controller = "Prometheus/main" }),
        Left(code: "canary", workload: changed { $0.annotations["descry.dev/canary-of"] = "b" }),
        Left(code: "invalid-name", workload: Scene.workload("a.b", .statefulSet, ["a=a:\(Scene.rc)"])),
    ]

    @Test(arguments: left) func `what is no app is left out, with its reason`(_ row: Left) throws {
        let draft = try #require(try Scene.bootstrap([row.workload, Scene.workload("z")]).drafts.first)
        #expect(draft.leftOut.map(\.code) == [row.code])
        #expect(draft.leftOut.allSatisfy { !$0.reason.isEmpty && !$0.hint.isEmpty })
        #expect(draft.leftOut.first?.workload == row.workload.key.description)
        #expect(draft.apps.map(\.key.name) == ["z"])
    }

    @Test func `a channel that is not to run there is left out until somebody allows it`() throws {
        let workloads = [Scene.workload("a"), Scene.workload("b", .statefulSet, ["b=b:\(Scene.release)"])]
        let strict = try #require(try Scene.bootstrap(workloads, name: "LIVE", versions: "release").drafts.first)
        #expect(strict.apps.map(\.key.name) == ["b"])
        #expect(strict.leftOut.map(\.code) == ["channel-not-allowed"])
        #expect(strict.leftOut.first?.hint.contains("--versions LIVE=rc,release") == true)
        #expect(strict.environment.channels == [.release])
        let wide = try #require(try Scene.bootstrap(workloads, name: "LIVE").drafts.first)
        #expect(wide.apps.map(\.key.name) == ["a", "b"])
    }

    @Test func `one name is one app, and a StatefulSet goes first`() throws {
        let draft = try #require(
            try Scene.bootstrap([
                Scene.workload("a", .deployment), Scene.workload("a", .daemonSet), Scene.workload("a"),
            ]).drafts.first)
        #expect(draft.apps.map(\.key.description) == ["statefulset/a"])
        #expect(draft.leftOut.map(\.code) == ["name-taken", "name-taken"])
    }

    /// In whatever order a server lists them, and with names that YAML takes for something else.
    @Test func `one cluster gives one text`() throws {
        let workloads =
            ["b", "a", "no", "123", "null", "e1"].map { Scene.workload($0) }
            + [Scene.workload("x", .statefulSet, ["x=x:latest"]), Scene.workload("c", .deployment, ["c=c:latest"])]
        let first = try #require(try Scene.bootstrap(workloads).drafts.first)
        for _ in 0..<5 {
            let other = try #require(try Scene.bootstrap(workloads.shuffled()).drafts.first)
            #expect(other.descriptor == first.descriptor)
            #expect(other.environmentFile == first.environmentFile && other.access == first.access)
            #expect(other.leftOut == first.leftOut)
        }
        #expect(first.apps.map(\.key.name) == ["123", "a", "b", "e1", "no", "null"])
        #expect(first.leftOut.map(\.workload) == ["deployment/c", "statefulset/x"])
        try Self.expectNoChange(first, workloads)
    }

    @Test func `what the first apply changes besides is said`() throws {
        var partitioned = Scene.workload("a")
        partitioned.strategy = UpdateStrategy(type: "OnDelete")
        partitioned.replicas = 0
        let sidecar = Scene.workload("b", .statefulSet, ["b=b:\(Scene.rc)", "log=log:\(Scene.rc)"])
        let draft = try #require(try Scene.bootstrap([partitioned, sidecar]).drafts.first)
        let notes = try #require(draft.notes["a"])
        #expect(notes.contains { $0.contains("spec.updateStrategy.type to RollingUpdate, from OnDelete") }, "\(notes)")
        #expect(notes.contains { $0.contains("scaled to 0") }, "\(notes)")
        #expect(draft.notes["b"]?.contains { $0.contains("container log runs") } == true)
    }

    @Test func `an environment without apps is a descriptor that names none`() throws {
        let draft = try #require(try Scene.bootstrap([]).drafts.first)
        let descriptor = try Descriptor.parse(Array(draft.descriptor.utf8), file: "f")
        #expect(descriptor.apps.isEmpty && descriptor.warnings.map(\.code) == ["no-apps"])
    }

    /// Which registry images with versions decide for.
    @Test(
        arguments: [
            (
                [["a=r.io/x/a:1.0.0-rc-0123456"], ["b=r.io/x/b:1.0.0-rc-0123456"], ["c=q.io/c:1.0.0-rc-0123456"]],
                "r.io/x"
            ),
            // An image of the workload's name counts more than many that have another one.
            (
                [["a=r.io/x/q:1.0.0-rc-0123456", "b=r.io/x/q:1.0.0-rc-0123456"], ["b=q.io/b:1.0.0-rc-0123456"]], "q.io"
            ),
            // Of equals the first by letters; what has no version has no voice.
            ([["a=z.io/a:1.0.0-rc-0123456"], ["b=y.io/b:1.0.0-rc-0123456"], ["c=a.io/c:latest"]], "y.io"),
            // A host is no must.
            ([["a=shop/a:1.0.0-rc-0123456"]], "shop"),
        ] as [([[String]], String)])
    func `the images tell the registry`(_ containers: [[String]], _ registry: String) throws {
        let workloads = zip(["a", "b", "c"], containers).map { Scene.workload($0, .deployment, $1) }
        let bootstrap = try Scene.bootstrap(workloads, registry: nil)
        #expect(bootstrap.drafts.first?.environment.registry == registry)
        #expect(bootstrap.registryNote?.contains(registry) == true)
    }

    @Test func `without any version somebody has to name the registry`() throws {
        for workloads in [[], [Scene.workload("a", .statefulSet, ["a=a:latest"])]] {
            let refused = try #require(throws: Refused.self) { try Scene.bootstrap(workloads, registry: nil) }
            #expect(refused.diagnostics.map(\.code) == ["no-registry"])
        }
    }

    /// Everything that is written passes what reads it: the decoder, and the schemas for editors.
    @Test func `the files are valid`() throws {
        let bootstrap = try Scene.bootstrap(
            Self.taken.map(\.workload), name: "LIVE",
            [
                .clusterContext: "arn:aws:eks:eu-central-1:1:cluster/shop", .clusterKubeconfig: "kube config.yaml",
                .repository: "git@git.example.com:shop/deployments.git", .gitSSHKey: "/keys/id",
                .gitKnownHosts: "hosts",
            ])
        let draft = try #require(bootstrap.drafts.first)
        #expect(draft.environment.cluster.kubeconfig == "/home/ann/kube config.yaml")
        #expect(draft.environment.git.sshKey == "/keys/id" && draft.environment.git.knownHosts == "/home/ann/hosts")
        #expect(draft.environmentFile.contains("\nrepository: git@git.example.com:shop/deployments.git\n"))
        for (text, schema) in [
            (draft.descriptor, "deploy-descriptor"), (draft.environmentFile, "environment"),
        ] {
            let check = InputCheck.run(Array(text.utf8), file: "f")
            #expect(check.diagnostics.isEmpty)
            let root = try #require(Document(Array(text.utf8), file: "f").root)
            let schema = try JSONSchema(file: projectFolder() + "/docs/schema/\(schema).schema.json")
            #expect(try schema.violations(of: JSONValue(root)) == [])
        }
    }

    /// The same text as `descry rbac` prints for the kinds that are there.
    @Test func `the rights are for the kinds that were found`() throws {
        for (workloads, kinds) in [
            ([Scene.workload("a", .deployment), Scene.workload("b")], [WorkloadKind.deployment, .statefulSet]),
            ([], [.statefulSet]),
        ] as [([Workload], Set<WorkloadKind>)] {
            let draft = try #require(try Scene.bootstrap(workloads).drafts.first)
            let expected = AccessManifests(
                environment: draft.environment, scope: .kinds(kinds), includesTokenSecret: false)
            #expect(draft.access == expected.yaml())
            #expect(draft.access.contains("resources: [leases]"))
        }
    }
}
