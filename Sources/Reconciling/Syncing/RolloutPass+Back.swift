import Descriptors
import Planning
import Reporting
import Rollouts
import Workloads

// An app's way back to what it was before.
extension RolloutPass {
    /// Lets the schedule send apps back: what was not sent for them yet is dropped, and they are no longer judged by where they
    /// were to go.
    mutating func takeBack(_ change: (inout RolloutSchedule) -> Void) {
        let wasReturning = schedule.isReturning
        change(&schedule)
        for name in schedule.names(.toReturn) {
            holding.remove(name)
            guard let target = courses[name]?.target else { continue }
            courses[name]?.target = nil
            watch.abandon(target.key)
        }
        if schedule.isReturning {
            for write in writes where write.isForward { schedule.withdrawn(write.app) }
        }
        let current = schedule
        writes.removeAll { $0.isForward && current.phase(of: $0.app) != .forward }
        guard schedule.isReturning, !wasReturning else { return }
        let count = courses.keys.count(where: { record.isWritten($0) })
        if count > 0 {
            settings.progress(.note("rolling back \(count) app\(count == 1 ? "" : "s"), the last ones first"))
        }
    }

    mutating func giveBack(_ name: String) {
        guard let course = courses[name] else { return }
        courses[name]?.startedAt = .now
        if course.isWritten {
            removeCanary(name)
            writes.append(.restore(name))
        } else if course.canary != nil {
            removeCanary(name)  // the workload itself is as it was
        } else {
            finishReturn(name, .proven)
        }
    }

    mutating func restored(_ name: String, _ result: Result<Workload, AppReport.Failure>) {
        switch result {
        case .failure(let failure): finishReturn(name, .failed(failure))
        case .success(let workload):
            courses[name]?.workload = workload
            guard let course = courses[name] else { return }
            if let lost { return finishReturn(name, .failed(AppReport.Failure(lost))) }
            let target = course.targetBefore(environment, workload)
            courses[name]?.target = target
            tell(watch.begin(target, workload))
        }
    }

    mutating func judgedReturn(_ name: String, _ verdict: Verdict) {
        guard let course = courses[name] else { return }
        let pods = AppReport.Pods(verdict.progress)
        switch verdict {
        case .progressing(let rollout):
            settings.progress(.app(course.stepBack(.rollingBack(rollout.reason), pods: pods)))
        case .proven:
            if course.strategyBefore == nil {
                finishReturn(name, .proven, pods)
            } else {
                writes.append(.restoreStrategy(name))
            }
        case .failed(let failure): finishReturn(name, .failed(AppReport.Failure(failure)), pods)
        }
    }

    mutating func finishReturn(
        _ name: String, _ outcome: AppReport.Rollback.Outcome, _ pods: AppReport.Pods? = nil
    ) {
        guard let course = courses[name] else { return }
        let (planned, version) = (course.planned, course.versionBefore)
        record.rolledBack(planned, to: version, outcome, seconds: course.seconds)
        switch outcome {
        case .proven:
            settings.progress(.app(course.stepBack(.rolledBack(seconds: course.seconds), pods: pods)))
            settings.events.record(
                .rolledBack(planned, to: version, commit: settings.commit, seconds: course.seconds))
        case .failed(let failure):
            settings.progress(.app(course.stepBack(.failed(failure), pods: pods)))
            settings.events.record(.rollbackFailed(planned, to: version, failure))
        }
        schedule.returned(name)
    }
}

extension RolloutPass.Write {
    var isForward: Bool {
        switch self {
        case .patch, .startCanary: true
        case .removeCanary, .restore, .restoreStrategy: false
        }
    }

    var app: String {
        switch self {
        case .patch(let name, _), .startCanary(let name, _), .removeCanary(let name, _, _), .restore(let name),
            .restoreStrategy(let name):
            name
        }
    }
}
