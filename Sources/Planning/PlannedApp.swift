import Descriptors
import Workloads

/// One app of the descriptor beside the workload that it names, and what sets them apart.
///
/// A value in one reference: it is kept and passed on in many places, and what it holds takes more than a kilobyte.
public struct PlannedApp: Sendable, Hashable {
    private struct Content: Sendable, Hashable {
        let app: App
        let workload: Workload
        let images: [ImageTarget]
        let changes: [FieldChange]
        let notes: [PlanNote]
        let annotations: [String: String]
        let canary: PlannedCanary?
        let leftoverCanary: Workload?
    }

    private final class Box: Sendable {
        let content: Content

        init(_ content: Content) { self.content = content }
    }

    private let box: Box
    public var app: App { box.content.app }
    /// As observed: its `uid` and `resourceVersion` are the preconditions of the patch.
    public var workload: Workload { box.content.workload }
    /// Every container that must run the app's image, those that already do included: a patch names all of them, because
    /// server-side apply gives up what it no longer names.
    public var images: [ImageTarget] { box.content.images }
    /// Why a write is needed, image first. Empty where nothing is to be done.
    public var changes: [FieldChange] { box.content.changes }
    /// What the user should know and what stops nothing.
    public var notes: [PlanNote] { box.content.notes }
    /// The annotations of the patch, all of them, with the values that they get.
    public var annotations: [String: String] { box.content.annotations }
    /// How its rollout begins; nil where all pods are replaced in one go.
    public var canary: PlannedCanary? { box.content.canary }
    /// The Deployment of an earlier pass's canaries, which that pass did not come to remove.
    public var leftoverCanary: Workload? { box.content.leftoverCanary }
    /// 0 for the first wave. Apps that are unchanged have one too; it means nothing.
    public internal(set) var wave: Int
    /// Its last rollout has not ended well: it is waited for even where nothing is to be written.
    public internal(set) var isUnsettled = false

    public var key: WorkloadKey { app.key }

    /// An app that is only taken back to what it was: nothing of it is to be changed.
    ///
    /// - Parameters:
    ///   - app: with the containers that are taken back.
    ///   - leftoverCanary: the Deployment of its canaries, where it is still there.
    public init(takingBack app: App, _ workload: Workload, leftoverCanary: Workload?) {
        func images(_ containers: [Container], isInit: Bool) -> [ImageTarget] {
            containers.filter { app.containers?.contains($0.name) ?? false }.map {
                ImageTarget(container: $0.name, isInit: isInit, current: $0.image, desired: $0.image)
            }
        }
        self.init(
            app: app, workload: workload,
            images: images(workload.containers, isInit: false) + images(workload.initContainers, isInit: true),
            changes: [], notes: [], annotations: [:], canary: nil, leftoverCanary: leftoverCanary, wave: 0)
    }

    init(
        app: App, workload: Workload, images: [ImageTarget], changes: [FieldChange], notes: [PlanNote],
        annotations: [String: String], canary: PlannedCanary?, leftoverCanary: Workload?, wave: Int
    ) {
        box = Box(
            Content(
                app: app, workload: workload, images: images, changes: changes, notes: notes, annotations: annotations,
                canary: canary, leftoverCanary: leftoverCanary))
        self.wave = wave
    }

    public static func == (one: PlannedApp, other: PlannedApp) -> Bool {
        one.wave == other.wave && one.isUnsettled == other.isUnsettled
            && (one.box === other.box || one.box.content == other.box.content)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(box.content)
        hasher.combine(wave)
        hasher.combine(isUnsettled)
    }

    /// True where a write is needed.
    public var isChanged: Bool { !changes.isEmpty }

    /// True where a rollout is to be waited for.
    public var isRolledOut: Bool { isChanged || isUnsettled }

    /// True where the write changes the workload's spec. Otherwise it only touches annotations: no generation, no rollout.
    public var changesSpec: Bool { changes.contains { $0.reason != .annotation } }

    /// The version that runs now: the image's tag, which cannot lie, else the annotation. Nil where neither is there.
    public var previousVersion: String? {
        images.first?.current.tag ?? workload.annotations[WorkloadAnnotation.version]
    }
}

/// One container and the image it must run.
public struct ImageTarget: Sendable, Hashable {
    public let container: String
    public let isInit: Bool
    public let current: ContainerImage
    public let desired: ContainerImage

    /// `spec.template.spec.containers[backend].image`, as kubectl's JSONPath would name it.
    public var path: String {
        "spec.template.spec.\(isInit ? "initContainers" : "containers")[\(container)].image"
    }
}

/// One field that differs from what the descriptor and the environment ask for.
public struct FieldChange: Sendable, Hashable {
    /// Why the field has to change. The raw values are stable.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Another version is wanted.
        case version
        /// The annotation says that the wanted version was deployed, and yet another image is there: somebody changed it.
        case driftedImage = "drifted-image"
        /// The same version from another registry or repository.
        case registry
        /// The update strategy would not replace the pods.
        case strategy
        /// A partition left in place would replace some pods only.
        case partition
        /// The annotations are missing, or of another version or environment.
        case annotation
    }

    public let path: String
    /// Nil where the field is absent.
    public let from: String?
    public let to: String
    public let reason: Reason
}

/// Something worth telling about an app that does not stop it.
public struct PlanNote: Sendable, Hashable {
    /// The raw values are stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The image comes from another registry or repository and will be replaced.
        case otherRepository = "other-repository"
        /// The image is pinned by digest; the tag replaces it.
        case pinnedByDigest = "pinned-by-digest"
        /// The Deployment is paused: its rollout cannot finish.
        case paused
        /// No pods are wanted, so nothing is proven beyond the controller having seen the change.
        case scaledToZero = "scaled-to-zero"
        /// The annotations say that another environment deploys to this workload.
        case otherEnvironment = "other-environment"
        /// Some pods get the version first.
        case canary
        /// A canary was asked for, and all pods would be canaries.
        case canaryIsAll = "canary-is-all"
    }

    public let code: Code
    public let message: String
}
