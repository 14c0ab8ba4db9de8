import FoundationEssentials

/// The work queue of all controllers. A request carries a key, never an event: what is to be done is read from the store.
///
/// It knows no clock: whoever drives it says what time it is, so that tests pass hours at once.
struct ControllerQueue {
    enum Request: Hashable {
        /// Make the world as this object wants it.
        case reconcile(ObjectKey)
        /// Delete this object if its owner is gone.
        case collect(ObjectKey)
    }

    private let store: ObjectStore
    private var node: Node
    private var owned = OwnedObjects()
    private var goneNamespaces: Set<String> = []
    private var seen = 0
    private var waiting: [Request] = []
    private var queued: Set<Request> = []
    private var due: [Request: Date] = [:]
    private var failures: [Request: Int] = [:]

    init(store: ObjectStore, timing: PodTiming) {
        self.store = store
        node = Node(timing: timing)
    }

    /// Does all that is to be done up to that time, in the order in which it falls due.
    ///
    /// - Returns: when there is something to do again, if nothing is written before.
    mutating func settle(at end: Date) -> Date? {
        readChanges()
        var now = Date.distantPast
        while true {
            if waiting.isEmpty {
                guard let next = due.min(by: { $0.value < $1.value }), next.value <= end else { break }
                now = next.value
                due[next.key] = nil
                enqueue(next.key)
            } else {
                if now == .distantPast { now = end }
                let request = waiting.removeFirst()
                queued.remove(request)
                perform(request, at: now)
                readChanges()
            }
        }
        return due.values.min()
    }

    private mutating func perform(_ request: Request, at now: Date) {
        let context = ControllerContext(store: store, now: now, owned: owned)
        do throws(StatusError) {
            due[request] = try carryOut(request, context)
            failures[request] = nil
        } catch {  // somebody wrote in between
            failures[request, default: 0] += 1
            due[request] = now.addingTimeInterval(min(0.05 * Double(1 << min(failures[request] ?? 0, 10)), 10))
        }
    }

    private mutating func carryOut(_ request: Request, _ context: ControllerContext) throws(StatusError) -> Date? {
        switch request {
        case .collect(let key):
            try GarbageCollector(context).collect(key)
            return nil
        case .reconcile(let key):
            switch key.resource {
            case .pods: return try node.reconcile(key, context)
            case .statefulSets: return try StatefulSetController(context).reconcile(key)
            case .replicaSets: return try ReplicaSetController(context).reconcile(key)
            case .jobs: return try JobController(context).reconcile(key)
            case .deployments: return try DeploymentController(context).reconcile(key)
            case .namespaces: try GarbageCollector(context).empty(key)
            default: break
            }
            return nil
        }
    }

    private mutating func enqueue(_ request: Request) {
        due[request] = nil
        if queued.insert(request).inserted { waiting.append(request) }
    }

    private mutating func readChanges() {
        do throws(StatusError) {
            for change in try store.changes(since: seen) {
                seen = change.resourceVersion
                take(change)
            }
        } catch {  // the history does not reach back so far: look at everything
            seen = store.resourceVersion
            owned = OwnedObjects()
            for resource in APIResource.all {
                for object in store.list(resource).items {
                    let key = ObjectKey(resource, object)
                    take(Change(kind: .added, key: key, object: object, resourceVersion: seen))
                }
            }
        }
    }

    private mutating func take(_ change: Change) {
        let key = change.key
        owned.note(change)
        enqueue(.reconcile(key))
        let owners = change.object["metadata", "ownerReferences"]?.array ?? []
        if change.kind == .added && !owners.isEmpty { enqueue(.collect(key)) }
        for owner in owners where owner["controller"]?.bool == true {
            guard let ownerKey = ObjectKey(owner: owner, of: key) else { continue }
            enqueue(.reconcile(ownerKey))
            // A Deployment waits for the last of its old pods, which it owns by way of a ReplicaSet.
            if change.kind == .deleted, let grandowner = store[ownerKey]?["metadata", "ownerReferences"]?.array?.first {
                ObjectKey(owner: grandowner, of: ownerKey).map { enqueue(.reconcile($0)) }
            }
        }
        if change.kind == .deleted {
            for dependent in owned[change.object.controllerUID] { enqueue(.collect(dependent)) }
        }
        emptyNamespace(of: change)
    }

    /// A namespace that is going, or gone, is emptied again with each write in it.
    private mutating func emptyNamespace(of change: Change) {
        if change.key.resource == .namespaces {
            if change.kind == .deleted {
                goneNamespaces.insert(change.key.name)
            } else {
                goneNamespaces.remove(change.key.name)
            }
        } else if change.key.resource.isNamespaced {
            let namespace = ObjectKey(resource: .namespaces, namespace: "", name: change.key.namespace)
            let isGoing = store[namespace]?["metadata", "deletionTimestamp"] != nil
            if isGoing || goneNamespaces.contains(namespace.name) { enqueue(.reconcile(namespace)) }
        }
    }
}

/// Which objects name which owner, by the owner's uid.
struct OwnedObjects {
    private var keys: [String: Set<ObjectKey>] = [:]

    subscript(uid: String) -> [ObjectKey] { (keys[uid] ?? []).sorted { $0.name < $1.name } }

    mutating func note(_ change: Change) {
        for owner in change.object["metadata", "ownerReferences"]?.array ?? [] {
            guard let uid = owner["uid"]?.string else { continue }
            if change.kind == .deleted {
                keys[uid]?.remove(change.key)
            } else {
                keys[uid, default: []].insert(change.key)
            }
            if keys[uid]?.isEmpty == true { keys[uid] = nil }
        }
    }
}

extension ObjectKey {
    init(_ resource: APIResource, _ object: JSONValue) {
        self.init(
            resource: resource, namespace: object["metadata", "namespace"]?.string ?? "",
            name: object["metadata", "name"]?.string ?? "")
    }

    /// The object that an owner reference names; nil for a kind that the sandbox does not serve.
    init?(owner: JSONValue, of dependent: ObjectKey) {
        guard let kind = owner["kind"]?.string, let name = owner["name"]?.string,
            let resource = APIResource.all.first(where: {
                $0.kind == kind && $0.apiVersion == owner["apiVersion"]?.string
            })
        else { return nil }
        self.init(resource: resource, namespace: resource.isNamespaced ? dependent.namespace : "", name: name)
    }
}
