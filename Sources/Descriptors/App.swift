import Documents
import Workloads

/// One app of a descriptor, checked.
public struct App: Sendable, Hashable {
    /// The workload's name: a DNS-1123 label, unique in its descriptor.
    public let name: String
    /// The version it must run.
    public let version: AppVersion
    /// The workload's kind; a StatefulSet unless the descriptor says otherwise.
    public let kind: WorkloadKind
    /// The containers (init containers too) that run the image. Nil: the container of the app's name, else the only one.
    public let containers: [String]?
    /// Where the image lies, as the descriptor writes it. Nil: under the environment's registry by the app's name.
    public let imageRepository: ImageRepository?
    /// The names of apps whose rollout must be finished first; all of them are in the same descriptor, without cycles.
    public let after: [String]
    /// False where its failure leaves the other apps alone.
    public let isCritical: Bool
    /// How long its rollout may take. Nil: what the environment says.
    public let timeout: Duration?
    /// Which part of its pods gets a new version first. Nil: all of them, one after the other.
    public let canary: Canary?
    /// How its pods are asked whether they work. Nil: that they are ready is enough.
    public let health: HealthCheck?
    /// Where its name is written.
    public let position: Position
    /// Where the version's value begins, a quote included.
    public let versionPosition: Position
    /// The byte after the version's value, a quote included.
    public let versionEnd: Position

    /// An app that no descriptor names any more, as far as its workload shows it: nothing comes after it or before it, and its
    /// failure is its own.
    public init(formerly name: String, version: AppVersion, kind: WorkloadKind, containers: [String]) {
        let nowhere = Position(line: 1, column: 1, offset: 0)
        self.init(
            name: name, version: version, kind: kind, containers: containers, imageRepository: nil, after: [],
            isCritical: false, timeout: nil, canary: nil, health: nil, position: nowhere, versionPosition: nowhere,
            versionEnd: nowhere)
    }

    init(
        name: String, version: AppVersion, kind: WorkloadKind, containers: [String]?, imageRepository: ImageRepository?,
        after: [String], isCritical: Bool, timeout: Duration?, canary: Canary?, health: HealthCheck?,
        position: Position,
        versionPosition: Position, versionEnd: Position
    ) {
        self.name = name
        self.version = version
        self.kind = kind
        self.containers = containers
        self.imageRepository = imageRepository
        self.after = after
        self.isCritical = isCritical
        self.timeout = timeout
        self.canary = canary
        self.health = health
        self.position = position
        self.versionPosition = versionPosition
        self.versionEnd = versionEnd
    }

    /// The workload that it names.
    public var key: WorkloadKey { WorkloadKey(kind: kind, name: name) }

    /// ``imageRepository`` as text; ``repository(registry:)`` is what the workload must run.
    public var image: String? { imageRepository?.description }

    /// The image's repository, host included, in an environment whose registry is `registry` (`host[:port][/path]`).
    ///
    /// An `image` that begins with a host is taken as it is; one without lies under the registry, so that a path never
    /// silently means Docker Hub.
    public func repository(registry: String) -> String {
        guard let imageRepository else { return "\(registry)/\(name)" }
        return imageRepository.host == nil ? "\(registry)/\(imageRepository)" : imageRepository.description
    }
}
