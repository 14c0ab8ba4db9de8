import Documents
import Workloads

/// Reads `strategy: {canary: …}` of one app, and refuses what no canary can be made for.
struct CanaryDecoder {
    let document: Document
    /// Nil where it was refused: then what depends on it is not judged.
    let kind: WorkloadKind?
    let name: String?

    func canary(_ app: Fields) -> Canary? {
        guard let strategy = app.fields("strategy", known: ["canary"]),
            strategy.required("canary", hint: "Write `canary: {pods: 1, hold: 5m}`, or remove \"strategy\"") != nil,
            let fields = strategy.fields("canary", known: ["pods", "hold"])
        else { return nil }
        checkApp(fields.node)
        var pods: Int? = 1
        if fields.has("pods") {
            pods = fields["pods"].flatMap { document.integer($0, field: "pods", in: 1...Canary.mostPods) }
        }
        let hold = fields.required("hold", hint: "Say how long the first pods are watched, such as `hold: 5m`")
            .flatMap(self.hold)
        guard let pods, let hold else { return nil }
        return Canary(pods: pods, hold: hold)
    }

    private func hold(_ node: Node) -> Duration? {
        guard let hold = document.duration(node, field: "hold") else { return nil }
        if hold <= Canary.longestHold { return hold }
        document.error(
            "hold-too-long", at: node, "a canary is watched for 24h at most",
            hint: "Write a shorter \"hold\"; what takes days to show needs an environment of its own")
        return nil
    }

    private func checkApp(_ node: Node) {
        if kind == .daemonSet {
            document.error(
                "canary-unsupported", at: node, "a DaemonSet has no canary: it runs one pod on each node",
                hint: "Remove \"strategy\"")
        }
        if let name, kind == .deployment, name.utf8.count > Canary.longestDeploymentName {
            document.error(
                "canary-name-too-long", at: node,
                "the canary of this Deployment would be named \(name)\(WorkloadKey.canarySuffix), which is longer than 63 characters",
                hint: "Use a name of at most \(Canary.longestDeploymentName) characters, or remove \"strategy\"")
        }
    }

    /// No other app may be the Deployment that runs the canaries of one.
    static func check(_ apps: [App], reportingTo document: Document) {
        let wanted = Dictionary(
            apps.compactMap { app in app.canaryKey.map { ($0, app) } }, uniquingKeysWith: { first, _ in first })
        guard !wanted.isEmpty else { return }
        for app in apps {
            guard let owner = wanted[app.key] else { continue }
            document.error(
                "canary-name-taken", at: app.position,
                "\(TerminalText.quoted(app.name)) is the name of the Deployment that runs the canary of \(TerminalText.quoted(owner.name))",
                hint: "Rename this app, or remove the other's \"strategy\"")
        }
    }
}
