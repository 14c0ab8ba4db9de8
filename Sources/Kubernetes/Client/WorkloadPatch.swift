import Workloads

/// The fields that Descry owns on one workload, as they are to be.
///
/// A server-side apply of it owns `updateStrategy` (`strategy` of a Deployment), the images and the annotations listed
/// here and nothing else. It can only ever change the object that was observed: it carries that object's `uid` and, unless the
/// caller leaves it out, its `resourceVersion`. It is the `uid` that keeps the API server from creating an object that is
/// gone: 1.20 takes a `resourceVersion` alone for a new object and goes on to validate it.
public struct WorkloadPatch: Sendable, Hashable {
    public struct Image: Sendable, Hashable {
        public var container: String
        /// True for an init container.
        public var isInit: Bool
        public var image: ContainerImage

        public init(container: String, isInit: Bool = false, image: ContainerImage) {
            self.container = container
            self.isInit = isInit
            self.image = image
        }
    }

    public var key: WorkloadKey
    /// `metadata.uid` of the object that the plan is about. A workload of the same name made since is refused (409).
    public var uid: String
    /// `metadata.resourceVersion` as observed; any change since is refused (409), also one of the status alone, as controllers
    /// write it all the time during a rollout. Nil applies whatever has changed meanwhile.
    public var resourceVersion: String?
    public var images: [Image]
    /// `metadata.annotations`: those that Descry sets. One left out that an earlier patch set is removed.
    public var annotations: [String: String]
    /// How pods are replaced. Nil is what a rollout needs: `RollingUpdate`, of a StatefulSet with `partition: 0`. A Deployment's
    /// is never written.
    public var strategy: UpdateStrategy?

    public init(
        key: WorkloadKey, uid: String, resourceVersion: String?, images: [Image], annotations: [String: String] = [:],
        strategy: UpdateStrategy? = nil
    ) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.images = images
        self.annotations = annotations
        self.strategy = strategy
    }
}
