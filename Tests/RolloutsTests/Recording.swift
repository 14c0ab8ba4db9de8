import FoundationEssentials
import Workloads

@testable import Rollouts

/// A rollout as two watches of a real API server saw it (`scripts/record-fixtures`).
struct Recording: Sendable {
    enum Event: Sendable {
        case workload(Workload, isDeleted: Bool)
        case pod(PodState, isDeleted: Bool)
    }

    struct Entry: Sendable {
        /// Since the patch.
        let at: Duration
        let event: Event
    }

    let name: String
    var target: RolloutTarget
    var entries: [Entry]

    static func load(_ name: String, timeout: Duration = .seconds(60)) throws -> Recording {
        let directory = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let data = try Data(contentsOf: URL(filePath: "/\(directory)/Fixtures/\(name).json"))
        let recorded = try JSONDecoder().decode(RecordedRollout.self, from: data)
        let target = RolloutTarget(
            key: WorkloadKey(kind: recorded.target.kind, name: recorded.target.name), uid: recorded.target.uid,
            generation: recorded.target.generation, images: recorded.target.images.mapValues { ContainerImage($0) },
            timeout: timeout)
        let entries = recorded.events.map { event in
            Entry(at: .milliseconds(event.at), event: event.event)
        }
        return Recording(name: name, target: target, entries: entries)
    }

    /// Plays the recording into a board, with a look at every deadline on the way, and once more `after` the last event.
    func play(
        readsPods: Bool = true, after: Duration = .zero, each: (Duration, Verdict) -> Void = { _, _ in },
        replace: (StuckPod) -> Void = { _ in }
    ) -> Verdict {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        if !readsPods { _ = board.judgeWithoutPods(at: start) }
        var verdict = RolloutJudge(target: target, startedAt: start).verdict
        func note(_ changes: [WorkloadKey: Verdict], _ now: ContinuousClock.Instant) {
            guard let changed = changes[target.key] else { return }
            verdict = changed
            each(now - start, changed)
        }
        for entry in entries {
            for pod in board.stuckPods {
                board.replacing(pod)
                replace(pod)
            }
            let now = start + entry.at
            while let deadline = board.nextDeadline(), deadline < now { note(board.tick(at: deadline), deadline) }
            switch entry.event {
            case .workload(let workload, let isDeleted):
                if board.verdicts.isEmpty {
                    note(board.begin([(target, workload)], at: now), now)
                } else if isDeleted {
                    note(board.removeWorkload(workload.key, at: now), now)
                } else {
                    note(board.update(workload, at: now), now)
                }
            case .pod(let pod, let isDeleted):
                note(isDeleted ? board.remove(pod, at: now) : board.update(pod, at: now), now)
            }
        }
        let end = start + (entries.last?.at ?? .zero) + after
        while let deadline = board.nextDeadline(), deadline <= end { note(board.tick(at: deadline), deadline) }
        return verdict
    }
}
