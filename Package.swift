// swift-tools-version: 6.2
import PackageDescription

// Targets are listed in the order of the flow that docs/design.md describes:
// git ref → commit → bytes → Descriptor → Plan → patches → rollout verdicts → report.

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "descry",
    products: [.executable(name: "descry", targets: ["descry"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"]), .brew(["libgit2"])]),
        .systemLibrary(
            name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
        .target(name: "Documents", dependencies: ["CLibYAML"], swiftSettings: swiftSettings),
        .target(name: "Workloads", swiftSettings: swiftSettings),
        .target(name: "Descriptors", dependencies: ["Documents", "Workloads"], swiftSettings: swiftSettings),
        .target(
            name: "Planning", dependencies: ["Descriptors", "Documents", "Workloads"], swiftSettings: swiftSettings),
        .target(name: "Rollouts", dependencies: ["Workloads"], swiftSettings: swiftSettings),
        .target(
            name: "Git",
            dependencies: [
                "CLibGit2", "Documents", asyncHTTPClient, crypto, cryptoExtras, logging, nioCore, nioHTTP1, nioPosix,
                nioSSL, subprocess,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Kubernetes",
            dependencies: [
                "Documents", "Workloads", asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix, nioSSL, subprocess,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Reporting", dependencies: ["Documents", "Descriptors", "Planning", "Rollouts", "Workloads"],
            swiftSettings: swiftSettings),
        .target(
            name: "Reconciling",
            dependencies: [
                "Documents", "Descriptors", "Git", "Kubernetes", "Planning", "Reporting", "Rollouts", "Workloads",
                asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioSSL,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Serving",
            dependencies: [
                "Documents", "Git", "Reconciling", "Reporting", crypto, hummingbird, hummingbirdTLS, lifecycle, logging,
                nioCore, nioSSL,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Sandbox",
            dependencies: [asn1, crypto, hummingbird, hummingbirdTLS, logging, nioCore, nioSSL, x509],
            swiftSettings: swiftSettings),
        .target(
            name: "Demo", dependencies: ["Descriptors", "Git", "Reconciling", "Reporting", "Sandbox", subprocess],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "descry",
            dependencies: [
                "Demo", "Documents", "Descriptors", "Git", "Kubernetes", "Planning", "Reconciling", "Reporting",
                "Rollouts", "Sandbox", "Serving", "Workloads", argumentParser, lifecycle, logging, signals,
            ],
            swiftSettings: swiftSettings),

        // Real servers for the tests: git over HTTPS, SSH and git://, and the Kubernetes API server.
        .target(
            name: "TestServers", dependencies: [logging, subprocess], path: "Tests/TestServers",
            swiftSettings: swiftSettings),
        // Example files with their expected diagnostics, and the JSON Schemas they are checked against.
        .target(
            name: "TestExamples", dependencies: ["Documents"], path: "Tests/TestExamples", swiftSettings: swiftSettings),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents"], swiftSettings: swiftSettings),
        .testTarget(name: "WorkloadsTests", dependencies: ["Workloads"], swiftSettings: swiftSettings),
        .testTarget(
            name: "DescriptorsTests", dependencies: ["Descriptors", "Documents", "TestExamples", "Workloads"],
            exclude: ["Examples"], swiftSettings: swiftSettings),
        .testTarget(
            name: "PlanningTests", dependencies: ["Descriptors", "Documents", "Planning", "Workloads"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RolloutsTests", dependencies: ["Kubernetes", "Rollouts", "Workloads"], exclude: ["Fixtures"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "GitTests", dependencies: ["Documents", "Git", "TestServers", crypto], swiftSettings: swiftSettings),
        .testTarget(
            name: "KubernetesTests",
            dependencies: [
                "Kubernetes", "TestServers", "Workloads", logging, nioCore, nioPosix, nioSSL, subprocess,
            ],
            exclude: ["Fixtures"], swiftSettings: swiftSettings),
        // What a Kubernetes API server must do for Descry, as tests that run against the sandbox and the real one alike.
        .target(
            name: "Conformance", dependencies: ["Sandbox", "TestServers", asyncHTTPClient, nioCore, nioHTTP1, nioSSL],
            path: "Tests/Conformance", swiftSettings: swiftSettings),
        .testTarget(
            name: "SandboxTests",
            dependencies: ["Conformance", "Sandbox", "TestServers", asyncHTTPClient, nioCore, nioHTTP1, nioSSL],
            exclude: ["Recorded"], swiftSettings: swiftSettings),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting", "TestServers"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ReconcilingTests",
            dependencies: [
                "Descriptors", "Documents", "Git", "Kubernetes", "Planning", "Reconciling", "Reporting", "Rollouts",
                "TestExamples", "TestServers", "Workloads", logging,
            ],
            exclude: ["Examples"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Git", "Reconciling", "Reporting", "Serving", "TestServers", asyncHTTPClient, crypto, lifecycle,
                logging, nioCore, nioHTTP1, nioPosix, nioSSL,
            ],
            exclude: ["Payloads"], swiftSettings: swiftSettings),
        // A sandbox with workloads, a deployment repository, and an environment: what whole passes and the loop are tested on.
        .target(
            name: "Scenes",
            dependencies: [
                "Git", "Kubernetes", "Reconciling", "Reporting", "Sandbox", "TestServers", "Workloads", logging,
            ],
            path: "Tests/Scenes", swiftSettings: swiftSettings),
        // The loop, in this process and as processes of its own, against the sandbox and real git servers.
        .testTarget(
            name: "LoopTests",
            dependencies: [
                "Descriptors", "Git", "Kubernetes", "Planning", "Reconciling", "Reporting", "Rollouts", "Sandbox",
                "Scenes", "Serving", "TestServers", "Workloads", "descry", asyncHTTPClient, logging, nioCore, nioHTTP1,
                nioSSL,
            ],
            swiftSettings: swiftSettings),
        // Many who want one lease, on a clock of their own, against any API server.
        .target(
            name: "LeaseScene", dependencies: ["Kubernetes", "Reconciling", "TestServers"], path: "Tests/LeaseScene",
            swiftSettings: swiftSettings),
        // Whole passes in this process, against the sandbox and its faults.
        .testTarget(
            name: "SyncTests",
            dependencies: [
                "Descriptors", "Git", "Kubernetes", "LeaseScene", "Planning", "Reconciling", "Reporting", "Rollouts",
                "Sandbox", "Scenes", "TestServers", "Workloads", logging, nioSSL,
            ],
            swiftSettings: swiftSettings),
        // Everything that needs the real API server: `make test-cluster`.
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Conformance", "Descriptors", "Git", "Kubernetes", "LeaseScene", "Planning", "Reconciling", "Reporting",
                "Rollouts", "Serving", "TestServers", "Workloads", "descry", asyncHTTPClient, hummingbird,
                hummingbirdTLS, logging, nioCore, nioHTTP1, nioSSL,
            ],
            swiftSettings: swiftSettings),
        // The built binary, end to end, where no API server is needed.
        .testTarget(
            name: "CommandTests",
            dependencies: ["Demo", "Reconciling", "Sandbox", "TestExamples", "TestServers", "descry", logging],
            swiftSettings: swiftSettings),
    ]
)
