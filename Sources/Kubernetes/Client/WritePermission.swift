/// What a write of a guarded client needs: see ``KubernetesClient/guarded(by:check:)``.
struct WritePermission: Sendable {
    let wait: KubernetesClient.WritePermit
    let holds: KubernetesClient.WriteCheck

    /// Both of them, this one first.
    func and(_ other: WritePermission) -> WritePermission {
        WritePermission(
            wait: {
                try await wait()
                try await other.wait()
            },
            holds: { try holds() && other.holds() })
    }
}
