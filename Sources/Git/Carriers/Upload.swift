/// The client's half of `git-upload-pack` over any carrier: which refs there are, and a pack with what is missing.
struct Upload {
    let conversation: any Conversation
    let advertisement: Advertisement
    let agent: String

    nonisolated(nonsending) static func begin(
        _ conversation: any Conversation, agent: String
    ) async throws(GitError) -> Upload {
        let advertisement = try await conversation.advertisement()
        // The agent's word may hold no space (gitprotocol-capabilities(5), "agent").
        let word = agent.split(separator: " ").first.map(String.init) ?? "git/descry"
        return Upload(conversation: conversation, advertisement: advertisement, agent: word)
    }

    nonisolated(nonsending) func refs() async throws(GitError) -> RemoteRefs {
        RemoteRefs(try await refs(prefixes: LsRefs.branches))
    }

    /// The refs whose names begin so; a server of v0 has told all of its refs already.
    nonisolated(nonsending) func refs(prefixes: [String]) async throws(GitError) -> [AdvertisedRef] {
        guard case .v2(let capabilities) = advertisement else {
            guard case .v0(_, let refs) = advertisement else { return [] }
            return refs
        }
        let reader = try await conversation.send(LsRefs.request(capabilities, agent: agent, prefixes: prefixes))
        var refs: [AdvertisedRef] = []
        while true {
            let packet = try await reader.next(during: "its list of branches")
            switch packet {
            case .data: refs.append(try LsRefs.ref(packet.text ?? ""))
            case .flush: return refs
            case .delimiter, .responseEnd: throw ProtocolError.unexpected("a section marker in its list of branches")
            }
        }
    }

    /// Sends the request and hands every part of the answer to `receive`, in order.
    nonisolated(nonsending) func fetch(
        _ request: FetchRequest, receive: nonisolated(nonsending) (FetchResponse.Event) async throws(GitError) -> Void
    ) async throws(GitError) {
        let bytes: [UInt8]
        var response: FetchResponse
        switch advertisement {
        case .v2(let capabilities):
            bytes = request.v2(capabilities, agent: agent)
            response = .v2(sideBandAll: FetchRequest.usesSideBandAll(capabilities))
        case .v0(let capabilities, _):
            bytes = try request.v0(capabilities, agent: agent)
            response = .v0(isDeepening: request.history != .complete)
        }
        let reader = try await conversation.send(bytes)
        while true {
            guard let event = try response.receive(try await reader.next(during: "its pack")) else { continue }
            try await receive(event)
            if event == .end { return }
        }
    }

    /// The same for a small pack, which is kept in memory.
    nonisolated(nonsending) func pack(_ request: FetchRequest) async throws(GitError) -> FetchedPack {
        var fetched = FetchedPack(bytes: [], shallow: Set(request.shallow))
        try await fetch(request.possible(advertisement)) { event throws(GitError) in
            switch event {
            case .shallow(let id): fetched.shallow.insert(id)
            case .unshallow(let id): fetched.shallow.remove(id)
            case .pack(let bytes): fetched.bytes += bytes
            case .end: break
            }
        }
        return fetched
    }
}

/// A pack that a server sent, and the commits of the mirror that end its history from then on.
struct FetchedPack: Sendable, Hashable {
    var bytes: [UInt8]
    var shallow: Set<CommitID>
}
