import Descriptors

/// Orders apps into layers: an app stands one layer behind the last of those it comes `after`.
enum WaveOrder {
    /// The layer of each app by name, counted from 0. Apps in `unchanged` take part without a layer of their own: they are
    /// not waited for, but what they come after is, for those that come after them.
    ///
    /// Linear in apps and dependencies, and without recursion, so that a chain of 10,000 apps needs no deep stack. The
    /// descriptor has no cycles and no unknown names; names outside of it are passed over.
    static func waves(of apps: [App], unchanged: Set<String>) -> [String: Int] {
        var indices: [String: Int] = [:]
        for (index, app) in apps.enumerated() { indices[app.name] = index }
        var waiting = [Int](repeating: 0, count: apps.count)
        var dependents = [[Int]](repeating: [], count: apps.count)
        for (index, app) in apps.enumerated() {
            for name in app.after {
                guard let dependency = indices[name] else { continue }
                waiting[index] += 1
                dependents[dependency].append(index)
            }
        }
        var layers = [Int](repeating: 0, count: apps.count)
        var ready = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < ready.count {
            let index = ready[next]
            next += 1
            let behind = layers[index] + (unchanged.contains(apps[index].name) ? 0 : 1)
            for dependent in dependents[index] {
                layers[dependent] = max(layers[dependent], behind)
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        return indices.mapValues { layers[$0] }
    }
}
