import Descriptors
import Workloads

/// Compares one app with the workload that it names.
struct AppPlanner {
    let commit: String
    let rules: PlanningRules

    /// - Parameter beside: what is there under the name of a Deployment's canary.
    func plan(_ app: App, _ workload: Workload, beside: Workload?) -> Result<PlannedApp, AppProblems> {
        var found = problems(of: app)
        if workload.isBeingDeleted {
            found.append(
                PlanProblem(
                    app: app, code: .beingDeleted,
                    message: "\(app.key) in namespace \(rules.namespace) is being deleted",
                    hint: "Wait until it is gone and created again, or remove the app from the descriptor"))
        }
        let choice = ContainerChoice(app: app, workload: workload)
        found += choice.problems
        let canaries = CanaryPlanner(
            app: app, workload: workload, rules: rules, beside: workload.key.kind == .deployment ? beside : nil)
        found += canaries.problems
        guard found.isEmpty else { return .failure(AppProblems(problems: found)) }

        let repository = app.repository(registry: rules.registry)
        let desired = ContainerImage(repository: repository, tag: app.version.text)
        let images = choice.containers.map {
            ImageTarget(container: $0.name, isInit: $0.isInit, current: $0.image, desired: desired)
        }
        let changes =
            imageChanges(app, workload, images) + strategyChanges(workload) + annotationChanges(app, workload)
        let (canary, canaryNote) = canaries.canary(images, changes)
        return .success(
            PlannedApp(
                app: app, workload: workload, images: images, changes: changes,
                notes: notes(workload, images) + [canaryNote].compactMap { $0 }, annotations: annotations(for: app),
                canary: canary, leftoverCanary: canaries.leftover, wave: 0))
    }

    /// What can be said against an app without a look at the cluster.
    func problems(of app: App) -> [PlanProblem] {
        if rules.channels.contains(app.version.channel) { return [] }
        let allowed = rules.channels.map(\.rawValue).sorted()
        return [
            PlanProblem(
                app: app, code: .channelNotAllowed,
                message: "\(app.name) asks for \(app.version.text), and \(rules.environment) runs no "
                    + "\(app.version.channel.rawValue) versions",
                hint: "Use a version of channel \(allowed.joined(separator: " or ")), or change \"versions\" in the "
                    + "environment file")
        ]
    }

    private func annotations(for app: App) -> [String: String] {
        [
            WorkloadAnnotation.environment: rules.environment,
            WorkloadAnnotation.version: app.version.text,
            WorkloadAnnotation.commit: commit,
            WorkloadAnnotation.changeCause:
                "\(app.version.text) for \(rules.environment) by descry, commit \(commit.prefix(12))",
        ]
    }

    private func imageChanges(_ app: App, _ workload: Workload, _ images: [ImageTarget]) -> [FieldChange] {
        images.filter { $0.current != $0.desired }.map { target in
            FieldChange(
                path: target.path, from: target.current.description, to: target.desired.description,
                reason: reason(for: target, deployed: workload.annotations[WorkloadAnnotation.version]))
        }
    }

    private func reason(for target: ImageTarget, deployed: String?) -> FieldChange.Reason {
        if target.current.tag == target.desired.tag {
            return target.current.repository == target.desired.repository ? .driftedImage : .registry
        }
        return deployed == target.desired.tag ? .driftedImage : .version
    }

    /// With `OnDelete` no pod is replaced until somebody deletes it, and with a partition only some are. A Deployment's
    /// `Recreate` is left as it is: it replaces all pods, and an app whose volume only one pod may mount depends on it.
    private func strategyChanges(_ workload: Workload) -> [FieldChange] {
        guard workload.key.kind != .deployment else { return [] }
        var changes: [FieldChange] = []
        if workload.strategy.type != "RollingUpdate" {
            changes.append(
                FieldChange(
                    path: "spec.updateStrategy.type", from: workload.strategy.type, to: "RollingUpdate",
                    reason: .strategy))
        }
        if workload.key.kind == .statefulSet, let partition = workload.strategy.partition, partition != 0 {
            changes.append(
                FieldChange(
                    path: "spec.updateStrategy.rollingUpdate.partition", from: String(partition), to: "0",
                    reason: .partition))
        }
        return changes
    }

    /// Version and environment have to be right; without them `status` and `history` would not know the workload. The
    /// commit and the change cause only follow another change: a commit that changes one app of a thousand must not
    /// cause a thousand writes.
    private func annotationChanges(_ app: App, _ workload: Workload) -> [FieldChange] {
        [(WorkloadAnnotation.environment, rules.environment), (WorkloadAnnotation.version, app.version.text)]
            .filter { workload.annotations[$0.0] != $0.1 }
            .map { name, value in
                FieldChange(
                    path: "metadata.annotations[\(name)]", from: workload.annotations[name], to: value,
                    reason: .annotation)
            }
    }

    private func notes(_ workload: Workload, _ images: [ImageTarget]) -> [PlanNote] {
        var notes: [PlanNote] = []
        for image in images where image.current.repository != image.desired.repository {
            notes.append(
                PlanNote(
                    code: .otherRepository,
                    message: "container \(image.container) runs an image of \(image.current.repository); it will be "
                        + "replaced by one of \(image.desired.repository)"))
        }
        for image in images where image.current.digest != nil {
            notes.append(
                PlanNote(
                    code: .pinnedByDigest,
                    message: "container \(image.container) is pinned to \(image.current.digest ?? ""); the tag "
                        + "\(image.desired.tag ?? "") replaces that"))
        }
        if workload.isPaused {
            notes.append(PlanNote(code: .paused, message: "\(workload.key) is paused: its rollout cannot finish"))
        }
        if workload.replicas == 0, workload.key.kind != .daemonSet {
            notes.append(
                PlanNote(code: .scaledToZero, message: "\(workload.key) is scaled to 0: no pod will run the version"))
        }
        if let other = workload.annotations[WorkloadAnnotation.environment], other != rules.environment {
            notes.append(
                PlanNote(code: .otherEnvironment, message: "\(workload.key) was deployed by the environment \(other)"))
        }
        return notes
    }
}
