/// Lets so many tests in at once, or one of them alone. Who wants to be alone waits until nobody is inside.
actor Turns {
    private let width: Int
    private var inside = 0
    private var hasOneAlone = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { self.width = width }

    func enter(alone: Bool) async {
        while hasOneAlone || inside >= (alone ? 1 : width) {
            await withCheckedContinuation { waiting.append($0) }
        }
        if alone { hasOneAlone = true } else { inside += 1 }
    }

    func leave(alone: Bool) {
        if alone { hasOneAlone = false } else { inside -= 1 }
        let woken = waiting
        waiting = []
        for continuation in woken { continuation.resume() }
    }
}
