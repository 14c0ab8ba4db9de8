/// Every metric that Descry offers: the one table of names, types, labels and meanings.
///
/// Names are a public contract: dashboards and alert rules rely on them. They follow Prometheus' own advice (base units,
/// `_total` for counters). Source: https://prometheus.io/docs/practices/naming/.
public enum Metric: String, Sendable, Hashable, CaseIterable {
    case buildInfo = "descry_build_info"
    case passes = "descry_passes_total"
    case passDuration = "descry_pass_duration_seconds"
    case activePasses = "descry_pass_active"
    case queueDepth = "descry_queue_depth"
    case lastSuccess = "descry_last_success_timestamp_seconds"
    case environments = "descry_environments"
    case upToDate = "descry_environment_up_to_date"
    case waiting = "descry_environment_waiting"
    case leaseHeld = "descry_lease_held"
    case leaseTransitions = "descry_lease_transitions_total"
    case driftFound = "descry_drift_found_total"
    case driftCorrected = "descry_drift_corrected_total"
    case driftContested = "descry_drift_contested"
    case reverts = "descry_reverts_total"
    case revertsStopped = "descry_reverts_stopped"
    case rollouts = "descry_rollouts_total"
    case rolloutDuration = "descry_rollout_duration_seconds"
    case gitRequests = "descry_git_requests_total"
    case gitRequestDuration = "descry_git_request_duration_seconds"
    case kubernetesRequests = "descry_kubernetes_requests_total"
    case kubernetesRequestDuration = "descry_kubernetes_request_duration_seconds"
    case webhooks = "descry_webhooks_total"
    case configurationValid = "descry_configuration_valid"
    case configurationRefused = "descry_configuration_refused"
    case forgeStatuses = "descry_forge_statuses_total"
    case droppedSamples = "descry_metric_samples_dropped_total"
    case processCPU = "process_cpu_seconds_total"
    case processResidentMemory = "process_resident_memory_bytes"
    case processVirtualMemory = "process_virtual_memory_bytes"
    case processOpenFiles = "process_open_fds"
    case processFileLimit = "process_max_fds"
    case processStart = "process_start_time_seconds"

    /// The types of the text format that are used here.
    public enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// What a person who meets the name should know, in one line.
    public var help: String { definition.help }
    public var kind: Kind { definition.kind }
    /// Names of the labels, in the order in which their values are given.
    public var labels: [String] { definition.labels }

    /// Upper bounds of a histogram's buckets, without the last one, which has none.
    var buckets: [Double] { definition.buckets }

    /// The names under which a query finds the metric's samples.
    public var sampleNames: [String] {
        kind == .histogram ? ["_bucket", "_sum", "_count"].map { rawValue + $0 } : [rawValue]
    }
}

extension Metric {
    private struct Definition {
        var kind: Kind
        var labels: [String] = []
        var buckets: [Double] = []
        var help: String
    }

    /// Requests to a server nearby take milliseconds, those that hang take as long as the deadlines let them.
    private static let requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    /// From a pass that finds nothing to change to one that waits for every rollout.
    private static let passBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
    private static let rolloutBuckets = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800]

    private var definition: Definition {
        switch self {
        case .buildInfo:
            .init(kind: .gauge, labels: ["version"], help: "Always 1; the label tells which Descry this is.")
        case .passes, .passDuration, .activePasses, .queueDepth, .rollouts, .rolloutDuration: passDefinition
        case .lastSuccess, .environments, .upToDate, .waiting, .leaseHeld, .leaseTransitions, .driftFound,
            .driftCorrected,
            .driftContested, .reverts, .revertsStopped:
            environmentDefinition
        case .gitRequests, .gitRequestDuration, .kubernetesRequests, .kubernetesRequestDuration, .webhooks,
            .configurationValid, .configurationRefused, .forgeStatuses, .droppedSamples:
            serviceDefinition
        case .processCPU, .processResidentMemory, .processVirtualMemory, .processOpenFiles, .processFileLimit,
            .processStart:
            processDefinition
        }
    }

    private var passDefinition: Definition {
        switch self {
        case .passes:
            .init(kind: .counter, labels: ["environment", "outcome"], help: "Passes that ended, by how they ended.")
        case .passDuration:
            .init(
                kind: .histogram, labels: ["outcome"], buckets: Self.passBuckets,
                help: "How long passes took, waiting for rollouts included.")
        case .activePasses: .init(kind: .gauge, help: "Passes that are under way.")
        case .queueDepth: .init(kind: .gauge, help: "Environments whose pass is due and waits for its turn.")
        case .rollouts:
            .init(
                kind: .counter, labels: ["environment", "outcome"],
                help: "Apps that were changed, by what became of them.")
        default:
            .init(
                kind: .histogram, buckets: Self.rolloutBuckets,
                help: "From the patch of an app to the verdict on its rollout.")
        }
    }

    private var environmentDefinition: Definition {
        switch self {
        case .lastSuccess:
            .init(
                kind: .gauge, labels: ["environment"],
                help: "When a pass of this process last found or proved that the environment runs what its branch says."
            )
        case .environments:
            .init(
                kind: .gauge, labels: ["state"],
                help: "Environments that are configured, by the state they are in here.")
        case .upToDate:
            .init(
                kind: .gauge, labels: ["environment"],
                help:
                    "1 where the environment runs what its branch says, 0 where not; only where this replica looks after it."
            )
        case .waiting:
            .init(
                kind: .gauge, labels: ["environment"],
                help: "1 where a change waits for a window or for approvals; only where this replica looks after it.")
        case .leaseHeld:
            .init(kind: .gauge, labels: ["environment"], help: "1 where this replica holds the environment's lease.")
        case .leaseTransitions:
            .init(
                kind: .counter, labels: ["environment"],
                help: "How often this replica took, gave back or lost the environment's lease.")
        case .driftFound:
            .init(
                kind: .counter, labels: ["environment"],
                help: "Apps found changed in the cluster by somebody else.")
        case .driftCorrected:
            .init(
                kind: .counter, labels: ["environment"],
                help: "Apps that were put right after somebody else changed them.")
        case .reverts:
            .init(
                kind: .counter, labels: ["environment", "outcome"],
                help: "Commits that take failed versions back in git, by whether the branch has them.")
        case .revertsStopped:
            .init(
                kind: .gauge, labels: ["environment"],
                help: "Apps whose failed versions came back so often that they are not reverted in git any more.")
        default:
            .init(
                kind: .gauge, labels: ["environment"],
                help: "Apps that somebody else keeps changing, so that they are corrected less and less often.")
        }
    }

    private var serviceDefinition: Definition {
        switch self {
        case .gitRequests:
            .init(kind: .counter, labels: ["outcome"], help: "Questions to git servers, by how they ended.")
        case .gitRequestDuration:
            .init(
                kind: .histogram, labels: ["operation"], buckets: Self.requestBuckets,
                help: "How long git servers took to answer.")
        case .kubernetesRequests:
            .init(
                kind: .counter, labels: ["verb", "code"],
                help: "Requests to API servers, each attempt by itself; the code is that of the answer, or none.")
        case .kubernetesRequestDuration:
            .init(
                kind: .histogram, labels: ["verb"], buckets: Self.requestBuckets,
                help: "How long API servers took to answer; of a watch, to open it.")
        case .webhooks:
            .init(
                kind: .counter, labels: ["provider", "result"], help: "Webhooks received, by what was done with them.")
        case .configurationValid:
            .init(kind: .gauge, help: "1 where every environment file is in force as it is, 0 where one is refused.")
        case .configurationRefused:
            .init(kind: .gauge, labels: ["file"], help: "Always 1: an environment file that is refused.")
        case .forgeStatuses:
            .init(
                kind: .counter, labels: ["outcome"], help: "Commit statuses for the forges, by whether they got there.")
        default:
            .init(
                kind: .counter,
                help: "Samples that were not recorded because their metric has too many label values already.")
        }
    }

    /// Names and meanings as in Prometheus' own client libraries.
    private var processDefinition: Definition {
        switch self {
        case .processCPU: .init(kind: .counter, help: "User and system CPU time spent by the process, in seconds.")
        case .processResidentMemory: .init(kind: .gauge, help: "Resident memory size in bytes.")
        case .processVirtualMemory: .init(kind: .gauge, help: "Virtual memory size in bytes.")
        case .processOpenFiles: .init(kind: .gauge, help: "Number of open file descriptors.")
        case .processFileLimit: .init(kind: .gauge, help: "Maximum number of open file descriptors.")
        default: .init(kind: .gauge, help: "Start time of the process, in seconds since 1970.")
        }
    }
}
