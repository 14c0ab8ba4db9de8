import FoundationEssentials
import Synchronization

/// Names one object.
struct ObjectKey: Sendable, Hashable {
    var resource: APIResource
    /// Empty for a resource without namespace.
    var namespace: String
    var name: String
}

/// A write, as watches tell it.
struct Change: Sendable {
    enum Kind: String, Sendable { case added = "ADDED", modified = "MODIFIED", deleted = "DELETED" }
    var kind: Kind
    var key: ObjectKey
    /// For a deletion the last state, with the deletion's resourceVersion.
    var object: JSONValue
    /// The state before; nil for a new object.
    var previous: JSONValue?
    var resourceVersion: Int
}

/// All objects, in memory, with one sequence of resource versions over all of them, as etcd has it.
///
/// Each write is atomic: it reads, changes and stores under one lock, so controllers and requests may write side by side.
final class ObjectStore: Sendable {
    private struct State {
        var objects: [ObjectKey: JSONValue] = [:]
        var resourceVersion = 1
        var history: [Change] = []
        /// The newest resourceVersion that watches can no longer start from.
        var compacted = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    private let state = Mutex(State())
    private let historyLimit: Int

    /// - Parameter historyLimit: writes that a watch can still be resumed over; older ones answer 410.
    init(historyLimit: Int = 10_000) {
        self.historyLimit = historyLimit
    }

    var resourceVersion: Int { state.withLock { $0.resourceVersion } }

    subscript(key: ObjectKey) -> JSONValue? { state.withLock { $0.objects[key] } }

    /// Objects in the order of namespace and name, and the resourceVersion at which they were so.
    func list(_ resource: APIResource, namespace: String? = nil) -> (items: [JSONValue], resourceVersion: Int) {
        let (found, version) = state.withLock { state in
            (Self.select(resource, namespace, from: state.objects), state.resourceVersion)
        }
        return (Self.sorted(found), version)
    }

    /// The same as it was at that resourceVersion, for the later pages of a list: the writes since are undone.
    ///
    /// - Throws: `StatusError` 410 where they are no longer all there.
    func list(_ resource: APIResource, namespace: String?, at resourceVersion: Int) throws(StatusError) -> [JSONValue] {
        let found = try state.withLock { state throws(StatusError) in
            var found = Self.select(resource, namespace, from: state.objects)
            for change in try Self.changes(since: resourceVersion, in: state).reversed()
            where change.key.resource == resource && (namespace ?? change.key.namespace) == change.key.namespace {
                found[change.key] = change.previous
            }
            return found
        }
        return Self.sorted(found)
    }

    private static func select(
        _ resource: APIResource, _ namespace: String?, from objects: [ObjectKey: JSONValue]
    ) -> [ObjectKey: JSONValue] {
        objects.filter { $0.key.resource == resource && (namespace ?? $0.key.namespace) == $0.key.namespace }
    }

    private static func sorted(_ objects: [ObjectKey: JSONValue]) -> [JSONValue] {
        objects.sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }.map(\.value)
    }

    /// Stores a new object with a uid where it has none yet, a creation time, a resourceVersion and, of a workload, generation 1.
    ///
    /// - Parameter dryRun: gives what would be stored, and stores nothing.
    @discardableResult
    func create(_ key: ObjectKey, _ object: JSONValue, dryRun: Bool = false) throws(StatusError) -> JSONValue {
        try write(key, dryRun: dryRun) { state throws(StatusError) in
            guard state.objects[key] == nil else { throw .alreadyExists(key) }
            var object = object
            object["apiVersion"] = .string(key.resource.apiVersion)
            object["kind"] = .string(key.resource.kind)
            object["metadata", "name"] = .string(key.name)
            object["metadata", "namespace"] = key.resource.isNamespaced ? .string(key.namespace) : nil
            if object["metadata", "uid"] == nil { object["metadata", "uid"] = .string(Self.newUID()) }
            object["metadata", "creationTimestamp"] = .string(Timestamp.now())
            object["metadata", "generation"] = key.resource.hasGeneration ? 1 : nil
            return Self.put(&object, key, .added, &state)
        }
    }

    static func newUID() -> String { UUID().uuidString.lowercased() }

    /// Changes an object in place. Where the change is none, nothing is written and the resourceVersion stays.
    ///
    /// `metadata.generation` of a workload goes up by one where `spec` has changed.
    @discardableResult
    func update(
        _ key: ObjectKey, dryRun: Bool = false, _ change: (inout JSONValue) throws(StatusError) -> Void
    ) throws(StatusError) -> JSONValue {
        try write(key, dryRun: dryRun) { state throws(StatusError) in
            guard let old = state.objects[key] else { throw .notFound(key) }
            var new = old
            try change(&new)
            guard new != old else { return old }
            if key.resource.hasGeneration && new["spec"] != old["spec"] {
                new["metadata", "generation"] = .integer(Int64((old["metadata", "generation"]?.integer ?? 0) + 1))
            }
            return Self.put(&new, key, .modified, &state)
        }
    }

    /// Takes the object out at once; what has a grace period is marked by ``update(_:_:)`` before.
    ///
    /// - Parameter precondition: throws where the object is not the one that was meant.
    @discardableResult
    func remove(
        _ key: ObjectKey, dryRun: Bool = false, _ precondition: (JSONValue) throws(StatusError) -> Void = { _ in }
    ) throws(StatusError) -> JSONValue {
        try write(key, dryRun: dryRun) { state throws(StatusError) in
            guard var object = state.objects[key] else { throw .notFound(key) }
            try precondition(object)
            return Self.put(&object, key, .deleted, &state)
        }
    }

    /// The writes after that resourceVersion, oldest first.
    ///
    /// - Throws: `StatusError` 410 where they are no longer all there.
    func changes(since resourceVersion: Int) throws(StatusError) -> [Change] {
        try state.withLock { state throws(StatusError) in try Self.changes(since: resourceVersion, in: state) }
    }

    private static func changes(since resourceVersion: Int, in state: State) throws(StatusError) -> [Change] {
        guard resourceVersion >= state.compacted else {
            throw .expired("too old resource version: \(resourceVersion) (\(state.compacted + 1))")
        }
        // Each write takes the next resourceVersion, so the newest writes are the last ones.
        return state.history.suffix(max(0, state.resourceVersion - resourceVersion))
    }

    /// A signal after each write; several writes may be told by one. Read them by ``changes(since:)``.
    func signals() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Forgets the history, as etcd's compaction does: watches from before answer 410.
    func compact() {
        state.withLock { state in
            state.compacted = state.resourceVersion
            state.history = []
        }
    }

    private func write(
        _ key: ObjectKey, dryRun: Bool, _ body: (inout State) throws(StatusError) -> JSONValue
    ) throws(StatusError) -> JSONValue {
        let (written, listeners) = try state.withLock { state throws(StatusError) in
            if dryRun {
                var trial = state
                var object = try body(&trial)
                object["metadata", "resourceVersion"] = state.objects[key]?["metadata", "resourceVersion"]
                return (object, [AsyncStream<Void>.Continuation]())
            }
            let before = state.resourceVersion
            let object = try body(&state)
            if state.history.count > historyLimit + historyLimit / 4 {
                let surplus = state.history.count - historyLimit
                state.compacted = state.history[surplus - 1].resourceVersion
                state.history.removeFirst(surplus)
            }
            return (object, state.resourceVersion == before ? [] : Array(state.listeners.values))
        }
        // Not under the lock: waking a task takes its own lock, which a cancellation holds when it takes this one.
        for listener in listeners { listener.yield() }
        return written
    }

    private static func put(
        _ object: inout JSONValue, _ key: ObjectKey, _ kind: Change.Kind, _ state: inout State
    ) -> JSONValue {
        state.resourceVersion += 1
        object["metadata", "resourceVersion"] = .string(String(state.resourceVersion))
        let previous = state.objects[key]
        state.objects[key] = kind == .deleted ? nil : object
        state.history.append(
            Change(
                kind: kind, key: key, object: object, previous: previous, resourceVersion: state.resourceVersion))
        return object
    }
}
