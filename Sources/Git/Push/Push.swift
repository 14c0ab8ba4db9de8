/// The client's half of `git-receive-pack` over any carrier.
struct Push {
    let conversation: any Conversation
    let capabilities: Capabilities
    let refs: [AdvertisedRef]
    let agent: String

    nonisolated(nonsending) static func begin(
        _ conversation: any Conversation, agent: String
    ) async throws(GitError) -> Push {
        guard case .v0(let capabilities, let refs) = try await conversation.advertisement() else {
            throw ProtocolError.unexpected("it offers a version of git-receive-pack that doesn't exist")
        }
        // The agent's word may hold no space (gitprotocol-capabilities(5), "agent").
        let word = agent.split(separator: " ").first.map(String.init) ?? "git/descry"
        return Push(conversation: conversation, capabilities: capabilities, refs: refs, agent: word)
    }

    /// Spares the server a pack for a branch that has moved already, where its first words are new and say so.
    func checkTip(_ command: PushRequest.Command, _ branch: some CustomStringConvertible, _ remote: RemoteURL)
        throws(GitError)
    {
        guard let ref = refs.first(where: { $0.name == command.ref }), let tip = ref.id, tip != command.old else {
            return
        }
        throw .pushRaced(branch, remote, words: ": it is at \(tip), not at \(command.old)")
    }

    /// Sends the request and reads the answer to its end.
    nonisolated(nonsending) func send(
        _ request: PushRequest, _ progress: PushProgress
    ) async throws(GitError) -> PushReport.Sent {
        let bytes = try request.bytes(capabilities, agent: agent)
        progress.sends()
        let reader = try await conversation.send(bytes)
        var report = PushReport(
            refs: request.commands.map(\.ref), usesSideBand: capabilities.contains("side-band-64k"))
        while !(try report.receive(try await reader.next(during: "its report of the push"))) { progress.hears(report) }
        return report.sent
    }
}
