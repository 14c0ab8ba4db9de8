import Descriptors

/// Which apps of a pass may go forward at a moment, and which have to go back. Pure: it knows names and nothing of the cluster.
///
/// An app starts once all that it comes `after` is proven, so that independent chains run side by side, and it goes back once
/// whatever came after it is back. Every step costs what it changes, so that a pass of 10,000 apps stays linear.
struct RolloutSchedule: Sendable {
    enum Phase: Sendable, Hashable {
        /// For what it comes after.
        case waiting
        /// Handed out, and neither proven nor failed yet.
        case forward
        case proven
        case failed
        /// Not tried, since something else failed.
        case notStarted
        /// To go back, as soon as all that came after it is back.
        case toReturn
        case returning
        /// Back, or as far back as it could be brought.
        case returned

        /// Nothing of the app is on its way any more.
        fileprivate var isSettled: Bool {
            switch self {
            case .proven, .failed, .notStarted, .returned: true
            case .waiting, .forward, .toReturn, .returning: false
            }
        }

        /// It keeps what it came after from going back.
        fileprivate var holdsBack: Bool { self == .forward || self == .toReturn || self == .returning }
    }

    private struct Node {
        let name: String
        let isCritical: Bool
        /// False for an app that needs nothing: it is passed through.
        let isRolledOut: Bool
        var phase = Phase.waiting
        var isWritten = false
        /// An earlier pass that did not come to its end had set out to write it.
        var isResumed = false
        /// How many of the apps that it comes after are not proven yet.
        var missing = 0
        var dependents: [Int] = []

        /// There is something to take back. While its patch is on the way (`forward`), only the answer tells.
        var isToReturn: Bool {
            switch phase {
            case .forward: isWritten
            case .proven, .failed, .notStarted: isWritten || isResumed
            case .waiting, .toReturn, .returning, .returned: false
            }
        }
    }

    private let onFailure: RolloutSettings.OnFailure
    private var nodes: [Node]
    private var indices: [String: Int] = [:]
    /// Every app behind all that it comes after.
    private var order: [Int] = []
    private var ready: [Int] = []
    private var unsettled = 0
    private var toReturn = 0
    /// A critical app failed, and everything written goes back.
    private(set) var isReturning = false

    /// - Parameters:
    ///   - apps: of one descriptor: no cycles in `after`.
    ///   - rolledOut: those to hand out; the others are taken as proven as soon as what they come after is.
    init(_ apps: [App], rolledOut: Set<String>, onFailure: RolloutSettings.OnFailure) {
        self.onFailure = onFailure
        nodes = apps.map { Node(name: $0.name, isCritical: $0.isCritical, isRolledOut: rolledOut.contains($0.name)) }
        for (index, app) in apps.enumerated() { indices[app.name] = index }
        for (index, app) in apps.enumerated() {
            for name in app.after {
                guard let dependency = indices[name] else { continue }
                nodes[index].missing += 1
                nodes[dependency].dependents.append(index)
            }
        }
        unsettled = nodes.count
        order = topologicalOrder()
        let first = nodes.indices.filter { nodes[$0].missing == 0 }
        for index in first { release(index) }
    }

    /// Nothing is under way, and nothing can be started.
    var isFinished: Bool { unsettled == 0 }

    func phase(of name: String) -> Phase? { indices[name].map { nodes[$0].phase } }

    /// Those in the phase, in the descriptor's order; of the ones handed out only.
    func names(_ phase: Phase) -> [String] { nodes.filter { $0.isRolledOut && $0.phase == phase }.map(\.name) }

    /// The apps that may start now; each is handed out once.
    mutating func takeReady() -> [String] {
        let taken = ready.sorted()
        ready = []
        for index in taken { set(index, .forward) }
        return taken.map { nodes[$0].name }
    }

    /// The apps whose turn it is to go back; each is handed out once.
    mutating func takeReturnable() -> [String] {
        guard toReturn > 0 else { return [] }
        var isClear = [Bool](repeating: true, count: nodes.count)
        var taken: [Int] = []
        for index in order.reversed() {
            let isFree = nodes[index].dependents.allSatisfy { isClear[$0] }
            isClear[index] = isFree && !nodes[index].phase.holdsBack
            if isFree, nodes[index].phase == .toReturn { taken.append(index) }
        }
        for index in taken { set(index, .returning) }
        return taken.sorted().map { nodes[$0].name }
    }

    /// An earlier pass that did not come to its end had set out to write it: whether or not this one comes to it, there is
    /// something to take back.
    mutating func resumed(_ name: String) {
        guard let index = indices[name] else { return }
        nodes[index].isResumed = true
    }

    /// An earlier pass had set out to write it, and nobody asks for it any more: it goes back whatever becomes of the others.
    mutating func abandoned(_ name: String) {
        guard let index = indices[name], nodes[index].phase == .waiting else { return }
        ready.removeAll { $0 == index }
        nodes[index].isWritten = true
        set(index, .toReturn)
    }

    /// The API server took a patch of it, or an earlier pass's: there is something to take back.
    mutating func written(_ name: String) {
        guard let index = indices[name] else { return }
        nodes[index].isWritten = true
        if isReturning, nodes[index].phase == .forward { set(index, .toReturn) }
    }

    mutating func proven(_ name: String) {
        guard let index = indices[name], nodes[index].phase == .forward else { return }
        set(index, .proven)
        releaseDependents(of: index)
    }

    /// The app has failed: by the environment's policy, others stop or go back with it.
    mutating func failed(_ name: String) {
        guard let index = indices[name], nodes[index].phase == .forward else { return }
        set(index, .failed)
        blockDependents(of: index)
        guard nodes[index].isCritical else {
            if onFailure.rollsBack, nodes[index].isToReturn { set(index, .toReturn) }
            return
        }
        switch onFailure {
        case .rollback, .revert:
            returnEverything()
            if nodes[index].isToReturn { set(index, .toReturn) }
        case .stop: stopWaiting()
        case .continue: break
        }
    }

    /// Handed out, and nothing was sent for it.
    mutating func withdrawn(_ name: String) {
        guard let index = indices[name], nodes[index].phase == .forward else { return }
        set(index, .notStarted)
        if isReturning, nodes[index].isToReturn { set(index, .toReturn) }
    }

    mutating func returned(_ name: String) {
        guard let index = indices[name], nodes[index].phase == .returning else { return }
        set(index, .returned)
    }

    /// Nothing further starts, and whatever is written goes back.
    mutating func returnEverything() {
        guard !isReturning else { return }
        isReturning = true
        stopWaiting()
        for index in nodes.indices where nodes[index].isToReturn { set(index, .toReturn) }
    }

    /// Nothing further starts; what is under way goes on.
    mutating func stopWaiting() {
        ready = []
        for index in nodes.indices where nodes[index].phase == .waiting { set(index, .notStarted) }
    }

    // MARK: The graph

    /// Everything it comes after is proven.
    private mutating func release(_ first: Int) {
        var released = [first]
        while let index = released.popLast() {
            guard nodes[index].phase == .waiting else { continue }
            if nodes[index].isRolledOut {
                ready.append(index)
                continue
            }
            set(index, .proven)
            for dependent in nodes[index].dependents {
                nodes[dependent].missing -= 1
                if nodes[dependent].missing == 0 { released.append(dependent) }
            }
        }
    }

    private mutating func releaseDependents(of index: Int) {
        for dependent in nodes[index].dependents {
            nodes[dependent].missing -= 1
            if nodes[dependent].missing == 0 { release(dependent) }
        }
    }

    private mutating func blockDependents(of first: Int) {
        var blocked = nodes[first].dependents
        while let index = blocked.popLast() {
            guard nodes[index].phase == .waiting else { continue }
            set(index, .notStarted)
            if onFailure.rollsBack, nodes[index].isToReturn { set(index, .toReturn) }
            blocked += nodes[index].dependents
        }
    }

    private mutating func set(_ index: Int, _ phase: Phase) {
        let former = nodes[index].phase
        nodes[index].phase = phase
        if former.isSettled != phase.isSettled { unsettled += phase.isSettled ? -1 : 1 }
        toReturn += (phase == .toReturn ? 1 : 0) - (former == .toReturn ? 1 : 0)
    }

    /// Kahn's algorithm, so that a chain of 10,000 apps needs no deep stack.
    private func topologicalOrder() -> [Int] {
        var missing = nodes.map(\.missing)
        var order = missing.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            for dependent in nodes[order[next]].dependents {
                missing[dependent] -= 1
                if missing[dependent] == 0 { order.append(dependent) }
            }
            next += 1
        }
        return order
    }
}
