/// The defaults that the API server sets on every write, for what the controllers, kubectl and Descry read.
///
/// Source: `pkg/apis/apps/v1/defaults.go`, `pkg/apis/batch` and `pkg/apis/core/v1/defaults.go` of Kubernetes 1.20.
enum Defaults {
    static func set(on object: inout JSONValue, _ resource: APIResource) {
        switch resource {
        case .statefulSets: setStatefulSet(&object)
        case .deployments: setDeployment(&object)
        case .replicaSets: fill(&object, ["spec", "replicas"], 1)
        case .services: setService(&object)
        case .jobs: edit(&object, ["spec"], setJob)
        case .cronJobs: setCronJob(&object)
        case .namespaces:
            fill(&object, ["spec", "finalizers"], ["kubernetes"])
            fill(&object, ["status", "phase"], "Active")
        default: break
        }
        switch resource {
        case .statefulSets, .deployments, .replicaSets, .jobs:
            edit(&object, ["spec", "template", "spec"], setPod)
        case .pods:
            edit(&object, ["spec"]) { spec in
                setPod(&spec)
                fill(&spec, ["enableServiceLinks"], true)
            }
            fill(&object, ["status", "phase"], "Pending")
            fill(&object, ["status", "qosClass"], .string(serviceClass(of: object)))
        default: break
        }
    }

    private static func setStatefulSet(_ object: inout JSONValue) {
        fill(&object, ["spec", "podManagementPolicy"], "OrderedReady")
        fill(&object, ["spec", "updateStrategy", "type"], "RollingUpdate")
        if object["spec", "updateStrategy", "type"] == "RollingUpdate" {
            fill(&object, ["spec", "updateStrategy", "rollingUpdate", "partition"], 0)
        }
        fill(&object, ["spec", "replicas"], 1)
        fill(&object, ["spec", "revisionHistoryLimit"], 10)
        fill(&object, ["status", "replicas"], 0)
        guard let claims = object["spec", "volumeClaimTemplates"]?.array else { return }
        object["spec", "volumeClaimTemplates"] = .array(
            claims.map { claim in
                var claim = claim
                fill(&claim, ["apiVersion"], "v1")
                fill(&claim, ["kind"], "PersistentVolumeClaim")
                fill(&claim, ["spec", "volumeMode"], "Filesystem")
                fill(&claim, ["status", "phase"], "Pending")
                return claim
            })
    }

    /// Of a Job, and of a CronJob's template.
    private static func setJob(_ spec: inout JSONValue) {
        if spec["completions"] == nil && spec["parallelism"] == nil { spec["completions"] = 1 }
        fill(&spec, ["parallelism"], 1)
        fill(&spec, ["backoffLimit"], 6)
    }

    private static func setCronJob(_ object: inout JSONValue) {
        fill(&object, ["spec", "concurrencyPolicy"], "Allow")
        fill(&object, ["spec", "suspend"], false)
        fill(&object, ["spec", "successfulJobsHistoryLimit"], 3)
        fill(&object, ["spec", "failedJobsHistoryLimit"], 1)
        edit(&object, ["spec", "jobTemplate", "spec", "template", "spec"], setPod)
    }

    private static func setDeployment(_ object: inout JSONValue) {
        fill(&object, ["spec", "replicas"], 1)
        fill(&object, ["spec", "revisionHistoryLimit"], 10)
        fill(&object, ["spec", "progressDeadlineSeconds"], 600)
        fill(&object, ["spec", "strategy", "type"], "RollingUpdate")
        if object["spec", "strategy", "type"] == "RollingUpdate" {
            fill(&object, ["spec", "strategy", "rollingUpdate", "maxSurge"], "25%")
            fill(&object, ["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%")
        }
        fill(&object, ["status"], .object([:]))
    }

    private static func setService(_ object: inout JSONValue) {
        fill(&object, ["spec", "type"], "ClusterIP")
        fill(&object, ["spec", "sessionAffinity"], "None")
        fill(&object, ["status", "loadBalancer"], .object([:]))
        editItems(&object, ["spec", "ports"]) { port in
            fill(&port, ["protocol"], "TCP")
            if let number = port["port"] { fill(&port, ["targetPort"], number) }
        }
    }

    private static func setPod(_ spec: inout JSONValue) {
        fill(&spec, ["dnsPolicy"], "ClusterFirst")
        fill(&spec, ["restartPolicy"], "Always")
        fill(&spec, ["schedulerName"], "default-scheduler")
        fill(&spec, ["securityContext"], .object([:]))
        fill(&spec, ["terminationGracePeriodSeconds"], 30)
        editItems(&spec, ["initContainers"], setContainer)
        editItems(&spec, ["containers"], setContainer)
    }

    private static func setContainer(_ container: inout JSONValue) {
        fill(&container, ["resources"], .object([:]))
        fill(&container, ["terminationMessagePath"], "/dev/termination-log")
        fill(&container, ["terminationMessagePolicy"], "File")
        let isLatest = isLatest(container["image"]?.string ?? "")
        fill(&container, ["imagePullPolicy"], isLatest ? "Always" : "IfNotPresent")
        editItems(&container, ["ports"]) { fill(&$0, ["protocol"], "TCP") }
        editItems(&container, ["env"]) { variable in
            if variable["valueFrom", "fieldRef"] != nil {
                fill(&variable, ["valueFrom", "fieldRef", "apiVersion"], "v1")
            }
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] { edit(&container, [probe], setProbe) }
    }

    private static func setProbe(_ probe: inout JSONValue) {
        fill(&probe, ["timeoutSeconds"], 1)
        fill(&probe, ["periodSeconds"], 10)
        fill(&probe, ["successThreshold"], 1)
        fill(&probe, ["failureThreshold"], 3)
        edit(&probe, ["httpGet"]) { request in
            fill(&request, ["path"], "/")
            fill(&request, ["scheme"], "HTTP")
        }
    }

    /// An image without tag and digest is `latest`, and `latest` is pulled each time.
    private static func isLatest(_ image: String) -> Bool {
        guard !image.isEmpty, !image.contains("@") else { return false }
        let name = image.split(separator: "/").last ?? ""
        return !name.contains(":") || name.hasSuffix(":latest")
    }

    private static func serviceClass(of pod: JSONValue) -> String {
        let resources = (pod["spec", "containers"]?.array ?? []).map { $0["resources"] ?? .object([:]) }
        if resources.allSatisfy({ $0["limits"] == nil && $0["requests"] == nil }) { return "BestEffort" }
        let isGuaranteed = resources.allSatisfy { resource in
            let limits = resource["limits"]
            return limits?["cpu"] != nil && limits?["memory"] != nil && (resource["requests"] ?? limits) == limits
        }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }

    /// Sets what is not there.
    private static func fill(_ object: inout JSONValue, _ path: ArraySlice<String>, _ value: JSONValue) {
        guard let name = path.first else { return }
        if path.count == 1 {
            if object[name] == nil { object[name] = value }
        } else {
            var child = object[name] ?? .object([:])
            fill(&child, path.dropFirst(), value)
            object[name] = child
        }
    }

    /// Changes what is there.
    private static func edit(_ object: inout JSONValue, _ path: ArraySlice<String>, _ change: (inout JSONValue) -> Void)
    {
        guard let name = path.first else { return change(&object) }
        guard var child = object[name] else { return }
        edit(&child, path.dropFirst(), change)
        object[name] = child
    }

    private static func editItems(
        _ object: inout JSONValue, _ path: ArraySlice<String>, _ change: (inout JSONValue) -> Void
    ) {
        edit(&object, path) { list in
            guard case .array(let items) = list else { return }
            list = .array(
                items.map { item in
                    var item = item
                    change(&item)
                    return item
                })
        }
    }
}
