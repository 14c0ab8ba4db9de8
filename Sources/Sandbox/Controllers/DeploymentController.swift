import FoundationEssentials

/// Rolls the ReplicaSets of a Deployment (pkg/controller/deployment of Kubernetes 1.20).
struct DeploymentController {
    let context: ControllerContext

    init(_ context: ControllerContext) { self.context = context }

    func reconcile(_ key: ObjectKey) throws(StatusError) -> Date? {
        guard let deployment = context.store[key] else { return nil }
        var sets = context.objects(.replicaSets, controlledBy: deployment.controllerUID).map(ReplicaSet.init)
        sets.sort { $0.revision < $1.revision }
        let template = deployment["spec", "template"]
        let index = sets.firstIndex { set in
            var theirs = set.object["spec", "template"]
            theirs?["metadata", "labels", "pod-template-hash"] = nil
            return theirs == template
        }
        let new = index.map { sets.remove(at: $0) }
        var pass = DeploymentPass(context: context, key: key, deployment: deployment, new: new, old: sets)
        return try pass.run()
    }
}

/// One pass over one Deployment.
struct DeploymentPass {
    let context: ControllerContext
    let key: ObjectKey
    var deployment: JSONValue
    /// The ReplicaSet of the template as it is now.
    var new: ReplicaSet?
    /// The others, oldest first.
    var old: [ReplicaSet]

    var all: [ReplicaSet] { old + (new.map { [$0] } ?? []) }
    var replicas: Int { deployment["spec", "replicas"]?.integer ?? 1 }
    private var isPaused: Bool { deployment["spec", "paused"]?.bool ?? false }
    private var isRolling: Bool { deployment["spec", "strategy", "type"]?.string != "Recreate" }
    private var maxSurge: Int { isRolling ? fencepost("maxSurge", .up) : 0 }
    var maxUnavailable: Int {
        guard isRolling, replicas > 0 else { return 0 }
        let some = fencepost("maxUnavailable", .down)
        return min(some == 0 && maxSurge == 0 ? 1 : some, replicas)
    }

    private func fencepost(_ field: String, _ rounding: FloatingPointRoundingRule) -> Int {
        let value = deployment["spec", "strategy", "rollingUpdate", field] ?? "25%"
        if let count = value.integer { return count }
        let percent = Double(value.string?.dropLast() ?? "") ?? 0
        return Int((Double(replicas) * percent / 100).rounded(rounding))
    }

    mutating func run() throws(StatusError) -> Date? {
        if deployment["metadata", "deletionTimestamp"] != nil { return try writeStatus() }
        try tellPaused()
        let isScaled = all.contains { $0.isActive && $0.annotation("desired-replicas").map { $0 != replicas } ?? false }
        if isPaused || isScaled {
            if new != nil { try adoptNew() }
            try rescale()
            return try writeStatus()
        }
        return isRolling ? try roll() : try recreate()
    }

    private mutating func roll() throws(StatusError) -> Date? {
        try prepareNew()
        if try !scaleUpNew(), try !scaleDownOld() { try cleanUp() }
        return try writeProgress()
    }

    private mutating func recreate() throws(StatusError) -> Date? {
        if new != nil { try adoptNew() }
        var isScaledDown = false
        for index in old.indices where old[index].isActive {
            try scaleOld(index, to: 0)
            isScaledDown = true
        }
        let isRunning = old.contains { set in context.pods(controlledBy: set.uid).contains { !$0.hasEnded } }
        if !isScaledDown && !isRunning {
            try prepareNew()
            try scaleNew(to: replicas)
            try cleanUp()
        }
        return try writeProgress()
    }

    // MARK: The new ReplicaSet

    private mutating func prepareNew() throws(StatusError) {
        if new == nil { try createNew() } else { try adoptNew() }
    }

    private var nextRevision: Int { (old.map(\.revision).max() ?? 0) + 1 }

    /// The Deployment's annotations that its ReplicaSets get.
    private var annotations: [String: JSONValue] {
        (deployment["metadata", "annotations"]?.object ?? [:]).filter {
            !$0.key.hasPrefix("deployment.kubernetes.io/")
                && $0.key != "kubectl.kubernetes.io/last-applied-configuration"
        }
    }

    private mutating func createNew() throws(StatusError) {
        let template = deployment["spec", "template"] ?? [:]
        let hash = try Revisions.hash(template)
        var set: JSONValue = ["status": ["replicas": 0]]
        set["metadata", "annotations"] = .object(annotations)
        mark(&set)
        set["metadata", "annotations", "deployment.kubernetes.io/revision"] = .string(String(nextRevision))
        set["metadata", "ownerReferences"] = context.ownerReferences(deployment)
        set["spec", "minReadySeconds"] = deployment["spec", "minReadySeconds"]
        set["spec", "template"] = template
        set["spec", "selector"] = deployment["spec", "selector"]
        set["metadata", "labels"] = template["metadata", "labels"]
        set["metadata", "labels", "pod-template-hash"] = .string(hash)
        set["spec", "template", "metadata", "labels", "pod-template-hash"] = .string(hash)
        set["spec", "selector", "matchLabels", "pod-template-hash"] = .string(hash)
        set["spec", "replicas"] = .integer(Int64(newCount(from: 0)))
        let name = ObjectKey(resource: .replicaSets, namespace: key.namespace, name: "\(key.name)-\(hash)")
        let created = ReplicaSet(object: try context.store.create(name, set))
        new = created
        if created.isActive { try tellScaled(created, isUp: true) }
        setCondition("Progressing", "True", "NewReplicaSetCreated", "Created new replica set \"\(created.name)\"")
        try writeDeployment(revision: nextRevision)
    }

    /// Moves a ReplicaSet that is there already to the newest revision.
    private mutating func adoptNew() throws(StatusError) {
        guard let found = new else { return }
        let revision = max(found.revision, nextRevision)
        new = ReplicaSet(
            object: try context.store.update(found.key) { object throws(StatusError) in
                for (name, value) in annotations { object["metadata", "annotations", name] = value }
                if found.revision != revision {
                    let history = object["metadata", "annotations", "deployment.kubernetes.io/revision-history"]?.string
                    let past = [history, String(found.revision)].compactMap { $0 }.joined(separator: ",")
                    object["metadata", "annotations", "deployment.kubernetes.io/revision-history"] = .string(past)
                }
                object["metadata", "annotations", "deployment.kubernetes.io/revision"] = .string(String(revision))
                object["spec", "minReadySeconds"] = deployment["spec", "minReadySeconds"]
            })
        if condition("Progressing") == nil {
            setCondition("Progressing", "True", "FoundNewReplicaSet", "Found new replica set \"\(found.name)\"")
        }
        try writeDeployment(revision: revision)
    }

    private mutating func writeDeployment(revision: Int?) throws(StatusError) {
        let before = deployment
        deployment = try context.store.update(key) { object throws(StatusError) in
            guard object.controllerUID == before.controllerUID else { throw .stale(key) }
            object["status"] = before["status"] ?? [:]
            let text = revision.map { JSONValue.string(String($0)) }
            if let text { object["metadata", "annotations", "deployment.kubernetes.io/revision"] = text }
        }
        // A spec that was written meanwhile is the next pass's.
        deployment["spec"] = before["spec"]
        deployment["metadata", "generation"] = before["metadata", "generation"]
    }

    // MARK: Scaling

    private func newCount(from count: Int) -> Int {
        guard isRolling else { return replicas }
        let room = replicas + maxSurge - all.reduce(0) { $0 + $1.replicas }
        return room <= 0 ? count : count + min(room, replicas - count)
    }

    private mutating func scaleUpNew() throws(StatusError) -> Bool {
        guard let set = new, set.replicas != replicas else { return false }
        let count = set.replicas > replicas ? replicas : newCount(from: set.replicas)
        guard count != set.replicas else { return false }
        try scaleNew(to: count)
        return true
    }

    private mutating func scaleDownOld() throws(StatusError) -> Bool {
        guard old.contains(where: \.isActive), let new else { return false }
        let most = all.reduce(0) { $0 + $1.replicas } - (replicas - maxUnavailable) - (new.replicas - new.available)
        guard most > 0 else { return false }
        var sum = 0
        // Pods that do not run anyway first, so that a broken version cannot hold up its replacement.
        for index in old.indices where sum < most && old[index].replicas > old[index].available {
            let surplus = min(most - sum, old[index].replicas - old[index].available)
            try scaleOld(index, to: old[index].replicas - surplus)
            sum += surplus
        }
        var spare = all.reduce(0) { $0 + $1.available } - (replicas - maxUnavailable)
        for index in old.indices where spare > 0 && old[index].isActive {
            let surplus = min(spare, old[index].replicas)
            try scaleOld(index, to: old[index].replicas - surplus)
            spare -= surplus
            sum += surplus
        }
        return sum > 0
    }

    /// What a paused Deployment, and one with a new count, does: no rollout, but the wanted number of pods, in proportion.
    private mutating func rescale() throws(StatusError) {
        let active = all.filter(\.isActive)
        if active.count <= 1 {
            guard let only = active.first ?? new ?? old.last else { return }
            return try scale(only.uid, to: replicas)
        }
        if let new, new.replicas == replicas, new.available == replicas {
            for index in old.indices where old[index].isActive { try scaleOld(index, to: 0) }
            return
        }
        guard isRolling else { return }
        let total = active.reduce(0) { $0 + $1.replicas }
        let toAdd = (replicas > 0 ? replicas + maxSurge : 0) - total
        let sorted = active.sorted { one, other in
            if one.replicas != other.replicas { return one.replicas > other.replicas }
            return toAdd > 0 ? one.revision > other.revision : one.revision < other.revision
        }
        var shares = sorted.map(\.replicas)
        var added = 0
        for (index, set) in sorted.enumerated() where toAdd != added {
            let base = Double(set.annotation("max-replicas") ?? deployment["status", "replicas"]?.integer ?? total)
            let wanted = (Double(set.replicas * (replicas + maxSurge)) / max(base, 1)).rounded(.toNearestOrAwayFromZero)
            let share = replicas == 0 ? -set.replicas : Int(wanted) - set.replicas
            let step = toAdd > 0 ? min(share, toAdd - added) : max(share, toAdd - added)
            shares[index] += step
            added += step
        }
        shares[0] = max(0, shares[0] + toAdd - added)
        for (set, share) in zip(sorted, shares) { try scale(set.uid, to: share) }
    }

    private mutating func scale(_ uid: String, to count: Int) throws(StatusError) {
        if new?.uid == uid { return try scaleNew(to: count) }
        if let index = old.firstIndex(where: { $0.uid == uid }) { try scaleOld(index, to: count) }
    }

    private mutating func scaleNew(to count: Int) throws(StatusError) {
        if let set = new { new = try scaled(set, to: count) }
    }

    private mutating func scaleOld(_ index: Int, to count: Int) throws(StatusError) {
        old[index] = try scaled(old[index], to: count)
    }

    private func scaled(_ set: ReplicaSet, to count: Int) throws(StatusError) -> ReplicaSet {
        let written = try context.store.update(set.key) { object throws(StatusError) in
            object["spec", "replicas"] = .integer(Int64(count))
            mark(&object)
        }
        let result = ReplicaSet(object: written)
        if count != set.replicas { try tellScaled(result, isUp: count > set.replicas) }
        return result
    }

    /// Notes on a ReplicaSet for which count it was scaled, so that a new count is told from a rollout under way.
    private func mark(_ set: inout JSONValue) {
        set["metadata", "annotations", "deployment.kubernetes.io/desired-replicas"] = .string(String(replicas))
        set["metadata", "annotations", "deployment.kubernetes.io/max-replicas"] = .string(String(replicas + maxSurge))
    }

    private func tellScaled(_ set: ReplicaSet, isUp: Bool) throws(StatusError) {
        try context.record(
            "ScalingReplicaSet", "Scaled \(isUp ? "up" : "down") replica set \(set.name) to \(set.replicas)",
            about: deployment, by: "deployment-controller")
    }

    /// Deletes the oldest ReplicaSets without pods, down to `revisionHistoryLimit`, once the rollout is complete.
    private func cleanUp() throws(StatusError) {
        guard isComplete(deployment["status"] ?? [:]) else { return }
        let idle = old.filter { !$0.isActive && $0.count("replicas") == 0 }
        let limit = deployment["spec", "revisionHistoryLimit"]?.integer ?? 10
        for set in idle.prefix(max(0, old.count - limit)) { try context.remove(set.key, uid: set.uid) }
    }

    // MARK: Pausing

    private mutating func tellPaused() throws(StatusError) {
        let reason = condition("Progressing")?["reason"]?.string
        guard progressDeadline != nil, reason != "ProgressDeadlineExceeded", (reason == "DeploymentPaused") != isPaused
        else { return }
        setCondition(
            "Progressing", "Unknown", isPaused ? "DeploymentPaused" : "DeploymentResumed",
            "Deployment is \(isPaused ? "paused" : "resumed")")
        try writeDeployment(revision: nil)
    }
}
