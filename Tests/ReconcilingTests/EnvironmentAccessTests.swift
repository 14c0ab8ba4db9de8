import Descriptors
import FoundationEssentials
import Reconciling
import Testing
import Workloads

@Suite("The RBAC examples in environments/rbac")
struct EnvironmentAccessTests {
    private static let folder = String(
        #filePath.dropLast("Tests/ReconcilingTests/EnvironmentAccessTests.swift".count) + "environments")

    @Test("are what `descry rbac --named` prints for the example environments", arguments: ["DEV", "STAGE", "LIVE"])
    func examples(name: String) throws {
        let file = "\(Self.folder)/\(name).yaml"
        let environment = try EnvironmentSettings.parse(try bytes(file), file: file).resolve(name: name)
        let path = "\(Self.folder)/descriptors/\(name)/\(environment.descriptor)"
        let descriptor = try Descriptor.parse(try bytes(path), file: path)
        let manifests = AccessManifests(
            environment: environment, scope: .workloads(descriptor.apps.map(\.key)), includesTokenSecret: false)
        #expect(manifests.yaml() == String(decoding: try bytes("\(Self.folder)/rbac/\(name).yaml"), as: UTF8.self))
    }

    /// Rule by rule, and byte by byte: the loop's own ServiceAccount gets what `descry rbac` prints, and no more.
    @Test(
        "in deploy are what `descry rbac --service-account` prints",
        arguments: [("base", "DEV"), ("overlays/example", "LIVE")])
    func deploy(place: String, name: String) throws {
        let folder = "\(Self.folder.dropLast("environments".count))deploy/\(place)"
        let file = "\(folder)/environments/\(name).yaml"
        let environment = try EnvironmentSettings.parse(try bytes(file), file: file).resolve(name: name)
        let manifests = AccessManifests(
            environment: environment, scope: .kinds([.statefulSet]),
            account: .init(namespace: "descry", name: "descry"), includesTokenSecret: false)
        #expect(manifests.yaml() == String(decoding: try bytes("\(folder)/access/\(name).yaml"), as: UTF8.self))
    }

    private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
}
