import Documents

/// The names of a descriptor and the order that `after` asks for: checks that names are unique, that `after` names apps
/// of the descriptor, and that no app waits for itself. Takes linear time, however the apps depend on one another.
struct AppOrder {
    private var names: [String] = []
    private var indices: [String: Int] = [:]
    private var nodes: [Node] = []
    private var edges: [[(name: String, node: Node)]] = []

    /// Adds one app, and reports `duplicate-name` where the name is taken.
    mutating func add(
        _ name: String, at node: Node, after: [(name: String, node: Node)], reportingTo document: Document
    ) {
        if let first = indices[name] {
            document.error(
                "duplicate-name", at: node, "the app \(TerminalText.quoted(name)) stands twice in the descriptor",
                hint: "Remove one of them; the first is on line \(nodes[first].start.line)")
        } else {
            indices[name] = names.count
        }
        names.append(name)
        nodes.append(node)
        edges.append(after)
    }

    /// Reports unknown names, apps that name themselves, and cycles.
    func check(reportingTo document: Document) {
        guard edges.contains(where: { !$0.isEmpty }) else { return }
        var dependencies = [[(index: Int, node: Node)]](repeating: [], count: names.count)
        for (index, after) in edges.enumerated() {
            for (name, node) in after {
                if name == names[index] {
                    document.error(
                        "after-itself", at: node, "\(TerminalText.quoted(name)) cannot wait for itself",
                        hint: "Remove it from \"after\"")
                } else if let target = indices[name] {
                    dependencies[index].append((target, node))
                } else {
                    reportUnknown(name, at: node, to: document)
                }
            }
        }
        for cycle in cycles(in: dependencies) { report(cycle, to: document) }
    }

    private func reportUnknown(_ name: String, at node: Node, to document: Document) {
        // The search is linear in the number of apps: only for files of a size that people write by hand.
        let nearest = names.count <= 1000 ? NearestName.of(name, among: names) : nil
        document.error(
            "unknown-app", at: node,
            "\"after\" names \(TerminalText.quoted(name)), which is not an app of this descriptor",
            hint: nearest.map { "Did you mean \"\($0)\"?" } ?? "Name an app of this file")
    }

    /// One cycle of each tangle: what is left after everything that can be ordered has been taken away (Kahn) leads into a
    /// cycle from everywhere.
    private func cycles(in dependencies: [[(index: Int, node: Node)]]) -> [[(index: Int, node: Node)]] {
        let stuck = stuckApps(in: dependencies)
        var walk = [Int](repeating: -1, count: names.count)
        var found: [[(index: Int, node: Node)]] = []
        for start in names.indices where stuck[start] && walk[start] < 0 {
            var path: [(index: Int, node: Node)] = []
            var places: [Int: Int] = [:]
            var current = start
            while walk[current] < 0, let next = dependencies[current].first(where: { stuck[$0.index] }) {
                walk[current] = start
                places[current] = path.count
                path.append((current, next.node))
                current = next.index
            }
            if let first = places[current] { found.append(Array(path[first...])) }
        }
        return found
    }

    private func stuckApps(in dependencies: [[(index: Int, node: Node)]]) -> [Bool] {
        var waiting = dependencies.map(\.count)
        var dependents = [[Int]](repeating: [], count: names.count)
        for (index, targets) in dependencies.enumerated() {
            for target in targets { dependents[target.index].append(index) }
        }
        var ready = waiting.indices.filter { waiting[$0] == 0 }
        while let next = ready.popLast() {
            for dependent in dependents[next] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        return waiting.map { $0 > 0 }
    }

    /// The cycle begins at its app that stands first in the file.
    private func report(_ cycle: [(index: Int, node: Node)], to document: Document) {
        guard let first = cycle.indices.min(by: { cycle[$0].index < cycle[$1].index }) else { return }
        let ordered = Array(cycle[first...] + cycle[..<first])
        var shown = ordered.map { names[$0.index] }
        if shown.count > 12 { shown.replaceSubrange(6..<(shown.count - 5), with: ["…"]) }
        shown.append(names[ordered[0].index])
        document.error(
            "after-cycle", at: ordered[0].node, "these apps wait for one another: \(shown.joined(separator: " → "))",
            hint: "Remove one of the steps from \"after\"")
    }
}
