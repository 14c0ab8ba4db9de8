import Logging

extension GitRepository {
    /// How many packs a mirror may have before it is thrown away and fetched anew: each fetch adds one, and looking an
    /// object up gets slower with each.
    static let maximumPackCount = 50
    /// How far before the last accepted commit history is asked for, in seconds: clocks of committers differ.
    static let clockTolerance: Int64 = 86_400
    /// How much history is asked for where the last accepted commit's time isn't known.
    static let blindDepth = 100

    /// Makes a commit present and compares it with what was accepted. Needs the lock.
    func bring(
        _ tip: CommitID, of branch: BranchName, _ baseline: Baseline? = nil
    ) async throws(GitError) -> BranchTip {
        if try mirror.load() {
            logger.warning("the cache was damaged and is fetched anew", metadata: ["path": "\(mirror.path)"])
        }
        let previous = mirror.state.accepted[branch] ?? baseline?.commit
        let history = wantedHistory(since: previous, baseline)
        if try !isPresent(tip) {
            try await transfer(tip, of: branch, history)
        }
        let isRewrite: Bool
        if let previous {
            var ancestry = try History(store: try mirror.objects()).ancestry(previous, of: tip)
            if ancestry == .unknown, mirror.state.accepted[branch] == nil {
                // The tip was fetched before there was anything to compare it with.
                try await transfer(tip, of: branch, history)
                ancestry = try History(store: try mirror.objects()).ancestry(previous, of: tip)
            }
            isRewrite = ancestry != .ancestor
        } else {
            isRewrite = false
        }
        if mirror.state.fetched[branch] != tip { try record(tip, of: branch) }
        return BranchTip(branch: branch, commit: tip, previous: previous, isRewrite: isRewrite)
    }

    /// What there is to say of a tip that was fetched before and follows from what was accepted. Needs no lock.
    ///
    /// - Returns: nil where it takes more to say.
    func known(_ tip: CommitID, of branch: BranchName, _ baseline: Baseline?) throws(GitError) -> BranchTip? {
        guard try mirror.refresh(), mirror.state.fetched[branch] == tip else { return nil }
        let previous = mirror.state.accepted[branch] ?? baseline?.commit
        let isThere: Bool
        do throws(GitError) {
            isThere = try follows(tip, previous)
        } catch {
            isThere = false  // the cache is damaged, which is found and mended under the lock
        }
        if isThere { return BranchTip(branch: branch, commit: tip, previous: previous, isRewrite: false) }
        // libgit2 remembers a pack that it could not read: whoever mends the cache has to see it for the first time.
        mirror.close()
        return nil
    }

    private func follows(_ tip: CommitID, _ previous: CommitID?) throws(GitError) -> Bool {
        let history = History(store: try mirror.objects())
        guard try history.isPresent(tip) else { return false }
        guard let previous else { return true }
        return try history.ancestry(previous, of: tip) == .ancestor
    }

    /// Whether the mirror has the commit. A mirror that can't even say so is thrown away.
    func isPresent(_ tip: CommitID) throws(GitError) -> Bool {
        do throws(GitError) {
            return try History(store: try mirror.objects()).isPresent(tip)
        } catch  where error.code == "cache-damaged" || error.code == "libgit2" {
            logger.warning("the cache was damaged and is fetched anew", metadata: ["path": "\(mirror.path)"])
            try mirror.startAnew()
            return false
        }
    }

    private func record(_ tip: CommitID, of branch: BranchName) throws(GitError) { try record([branch: tip]) }

    func record(_ fetched: [BranchName: CommitID]) throws(GitError) {
        var state = mirror.state
        state.fetched.merge(fetched) { $1 }
        if case .inPlace = carrier {
            state.shallow = []
        } else {
            let tips = Array(state.fetched.values) + Array(state.accepted.values)
            state.shallow = try History(store: try mirror.objects()).boundary(of: tips, recorded: state.shallow)
        }
        try mirror.save(state)
    }

    /// Fetches a commit, with as much history as it takes to see whether it follows from the one accepted last.
    private func transfer(
        _ tip: CommitID, of branch: BranchName, _ history: FetchRequest.History
    ) async throws(GitError) {
        if case .inPlace = carrier {
            throw .unreachable("commit-gone", "\(remote) no longer has the commit \(tip)", hint: "Try again")
        }
        if mirror.packCount >= Self.maximumPackCount { try mirror.startAnew() }
        do throws(GitError) {
            try await exchange([tip], of: [branch], history: history)
        } catch  where Self.mayNeedAnotherDepth(error, history) {
            // A server refuses a moment that is later than the tip: the branch was moved to an older commit.
            try await exchange([tip], of: [branch], history: .commits(1))
        }
        guard try History(store: try mirror.objects()).isPresent(tip) else {
            throw .unreachable("pack-incomplete", "\(remote) sent a pack without the commit \(tip) that was asked for")
        }
    }

    /// Fetches what lies between a commit that is here already and an older one. Needs the lock.
    func deepen(_ tip: CommitID, of branch: BranchName, to base: CommitID) async throws(GitError) {
        try await exchange([tip], of: [branch], history: wantedHistory(since: base, nil))
    }

    static func mayNeedAnotherDepth(_ error: GitError, _ history: FetchRequest.History) -> Bool {
        guard case .since = history else { return false }
        return ["server-error", "connection-lost", "protocol"].contains(error.code)
    }

    /// - Parameter previous: the commit accepted last; nil where there is none.
    func wantedHistory(since previous: CommitID?, _ baseline: Baseline?) -> FetchRequest.History {
        guard let previous else { return .commits(1) }
        if let baseline, baseline.commit == previous { return .since(max(1, baseline.time - Self.clockTolerance)) }
        do throws(GitError) {
            let time = try History(store: try mirror.objects()).commit(previous).time
            return .since(max(1, time - Self.clockTolerance))
        } catch {
            // It went with a damaged cache, or its branch was never fetched here.
            return .commits(Self.blindDepth)
        }
    }

    /// One request for a pack, taken in and adopted.
    func exchange(
        _ tips: [CommitID], of branches: [BranchName], history: FetchRequest.History
    ) async throws(GitError) {
        try await exchange(try request(tips, of: branches, history: history))
    }

    /// The same for a request that is made already. Needs the lock.
    func exchange(_ request: FetchRequest) async throws(GitError) {
        logger.debug(
            "fetching",
            metadata: [
                "commit": "\(request.wants.first.map(String.init(describing:)) ?? "")",
                "commits": "\(request.wants.count)", "history": "\(request.history)",
                "haves": "\(request.haves.count)",
            ])
        try await self.request(.fetch) { repository, watchdog throws(GitError) in
            let incoming = try repository.mirror.receive()
            var shallow = Set(request.shallow)
            try await repository.converse(watchdog) { upload throws(GitError) in
                try await upload.fetch(request.possible(upload.advertisement)) { event throws(GitError) in
                    switch event {
                    case .shallow(let id): shallow.insert(id)
                    case .unshallow(let id): shallow.remove(id)
                    case .pack(let bytes): try incoming.indexer.append(bytes)
                    case .end: break
                    }
                }
            }
            try repository.adopt(incoming, shallow)
        }
    }

    func adopt(_ incoming: IncomingPack, _ shallow: Set<CommitID>) throws(GitError) {
        try mirror.adopt(incoming)
        var state = mirror.state
        state.shallow = shallow
        try mirror.save(state)
    }

    /// What to ask for to make a commit present over a conversation that is open already, without its history; nil where
    /// it is here. A first fetch, which may be large, is made by itself.
    func missing(_ tip: CommitID, of branch: BranchName) async throws(GitError) -> FetchRequest? {
        try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            if repository.mirror.packCount >= Self.maximumPackCount { try repository.mirror.startAnew() }
            guard try !repository.isPresent(tip) else {
                if repository.mirror.state.fetched[branch] != tip { try repository.record(tip, of: branch) }
                return nil
            }
            let request = try repository.request([tip], of: [branch], history: .commits(1))
            if !request.haves.isEmpty { return request }
            _ = try await repository.bring(tip, of: branch)
            return nil
        }
    }

    /// Takes in what a server sent for such a request.
    func take(_ fetched: FetchedPack, tip: CommitID, of branch: BranchName) async throws(GitError) {
        try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            let incoming = try repository.mirror.receive()
            try incoming.indexer.append(fetched.bytes)
            try repository.adopt(incoming, fetched.shallow)
            try repository.record(tip, of: branch)
        }
    }

    /// The request, with the tips that the mirror has for certain.
    private func request(
        _ tips: [CommitID], of branches: [BranchName], history: FetchRequest.History
    ) throws(GitError) -> FetchRequest {
        let state = mirror.state
        let own = branches.flatMap { [state.fetched[$0], state.accepted[$0]].compactMap { $0 } }
        let others = (Array(state.fetched.values) + Array(state.accepted.values)).sorted()
        let commits = History(store: try mirror.objects())
        var haves: [CommitID] = []
        var seen: Set<CommitID> = []
        let limit = max(32, own.count)
        for id in own + others where haves.count < limit && seen.insert(id).inserted {
            if try commits.isPresent(id) { haves.append(id) }
        }
        let shallow = try commits.boundary(of: haves, recorded: state.shallow)
        // Several branches may point at one commit.
        return FetchRequest(wants: Set(tips).sorted(), haves: haves, shallow: shallow.sorted(), history: history)
    }

    /// Reads from the mirror; where it proves damaged, fetches the commit into a new one and reads again.
    func reading<Value: Sendable>(
        _ commit: CommitID, _ body: (ObjectStore) throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        try checkOpen()
        let isDamaged: Bool
        do throws(GitError) {
            return try body(try mirror.objects())
        } catch  where ["cache-damaged", "libgit2", "cache", "commit-not-fetched"].contains(error.code) {
            if case .inPlace = carrier { throw error }
            isDamaged = error.code != "commit-not-fetched"
            logger.warning("the cache lacks what was fetched; fetching it anew", metadata: ["path": "\(mirror.path)"])
        }
        try await withLock { repository throws(GitError) in
            let isNew = try repository.mirror.load()
            if isDamaged, !isNew { try repository.mirror.startAnew() }
            try await repository.exchange([commit], of: [], history: .commits(1))
        }
        return try body(try mirror.objects())
    }
}

extension FetchRequest {
    /// The request as far as this server can fulfil it: a server that knows no shallow history sends all of it.
    func possible(_ advertisement: Advertisement) -> FetchRequest {
        var request = self
        if !Self.canBeShallow(advertisement) {
            request.history = .complete
            // Without the line that tells where the mirror's history ends, no tip of it may be named.
            if !shallow.isEmpty { (request.haves, request.shallow) = ([], []) }
        } else if case .since = history, !Self.canBeLimitedByTime(advertisement) {
            request.history = .commits(100)
        }
        return request
    }
}
