/// What a list followed by a watch tells, level by level: only ever the newest known state of an object.
public enum Observation<Object: Sendable>: Sendable {
    /// All objects there are. Those known before and not in it are gone. First in every stream, and again after the
    /// server's history was lost.
    case snapshot([Object])
    /// Added or changed.
    case changed(Object)
    /// Gone; its last known state.
    case deleted(Object)
    /// The server is not answering or the stream broke; it is being tried again. What was observed before may be out of date
    /// until the next observation.
    case interrupted(KubernetesError)
}

extension Observation: Equatable where Object: Equatable {}
