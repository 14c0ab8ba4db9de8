/// Lets any number of tests in at once, or one of them alone.
///
/// A test that is inside may enter again, so those that want to be alone wait until nobody is inside, whoever comes first.
actor Turns {
    private var inside = 0
    private var hasOneAlone = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter(alone: Bool) async {
        while hasOneAlone || alone && inside > 0 {
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
