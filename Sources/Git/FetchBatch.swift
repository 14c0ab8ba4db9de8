/// Tips of several branches that one request asks for, since they need about as much history.
///
/// A fetch has one depth for all that it asks for. So branches are put together by the age of what was accepted of them last, in
/// classes of which each reaches four times as far back as the one before: any number of branches takes few requests, and none
/// brings more than four times the history that it needs.
struct FetchBatch: Sendable, Hashable {
    struct Want: Sendable, Hashable {
        var branch: BranchName
        var tip: CommitID
        var history: FetchRequest.History
    }

    var wants: [Want]

    /// As much as any of them needs.
    var history: FetchRequest.History {
        var since: Int64?
        var commits = 1
        for want in wants {
            switch want.history {
            case .complete: return .complete
            case .commits(let count): commits = max(commits, count)
            case .since(let time): since = min(since ?? time, time)
            }
        }
        return since.map { .since($0) } ?? .commits(commits)
    }

    /// The halves of it, where there are two.
    var halves: [FetchBatch] {
        guard wants.count > 1 else { return [] }
        let middle = wants.count / 2
        return [FetchBatch(wants: Array(wants[..<middle])), FetchBatch(wants: Array(wants[middle...]))]
    }

    private enum Class: Hashable, Comparable {
        case complete
        case commits(Int)
        /// Reaches back by up to 4^n days from the most recent one.
        case age(Int)
    }

    /// - Returns: the largest first.
    static func batches(_ wants: [Want]) -> [FetchBatch] {
        let newest = wants.compactMap { want in
            if case .since(let time) = want.history { time } else { nil }
        }.max()
        let groups = Dictionary(grouping: wants) { want -> Class in
            switch want.history {
            case .complete: .complete
            case .commits(let count): .commits(count)
            case .since(let time):
                .age((0..<16).first { ((newest ?? time) - time) / 86_400 < 1 << (2 * $0) } ?? 16)
            }
        }
        return groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
            .map { FetchBatch(wants: $0.value.sorted { $0.branch.description < $1.branch.description }) }
    }
}
