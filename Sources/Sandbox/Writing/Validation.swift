/// What the API server refuses with 422, for the parts of an object that its users get wrong.
///
/// Source: `pkg/apis/apps/validation`, `pkg/apis/core/validation` of Kubernetes 1.20, and its answers. As in 1.20 the
/// containers of a StatefulSet are not checked: its pods are refused instead.
struct Validation {
    private var causes: [StatusError.Cause] = []

    /// - Parameter old: the object before an update.
    /// - Throws: `StatusError` 422 with one cause a finding.
    static func check(_ object: JSONValue, _ key: ObjectKey, old: JSONValue?) throws(StatusError) {
        var validation = Validation()
        validation.metadata(object["metadata"] ?? .null, old: old?["metadata"])
        switch key.resource {
        case .statefulSets: validation.statefulSet(object["spec"] ?? .null, old: old?["spec"])
        case .deployments: validation.deployment(object["spec"] ?? .null, old: old?["spec"])
        case .replicaSets: validation.template(object["spec"] ?? .null)
        case .jobs: validation.job(object["spec"] ?? .null, at: "spec", old: old?["spec"])
        case .cronJobs: validation.cronJob(object["spec"] ?? .null)
        case .pods: validation.pod(object["spec"] ?? .null, old: old?["spec"])
        case .events: validation.event(object, namespace: key.namespace)
        case .leases where old != nil && object["metadata", "resourceVersion"] == nil:
            validation.invalid("metadata.resourceVersion", "0x0", "must be specified for an update")
            throw .invalid(key, validation.causes, named: key)  // this one names the plural
        case .leases: validation.lease(object["spec"] ?? .null)
        default: break
        }
        if !validation.causes.isEmpty { throw .invalid(key, validation.causes) }
    }

    private mutating func metadata(_ metadata: JSONValue, old: JSONValue?) {
        let name = metadata["name"]?.string ?? ""
        if name.isEmpty {
            required("metadata.name", "name or generateName is required")
        } else if !name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ Self.isLabel($0) }) {
            invalid("metadata.name", Self.quoted(name), Self.subdomainRule)
        }
        if let uid = metadata["uid"]?.string, let oldUID = old?["uid"]?.string, uid != oldUID {
            for _ in 1...2 {  // the API server checks it twice, and names both in the causes
                invalid("metadata.uid", Self.quoted(uid), "field is immutable")
            }
        }
    }

    private mutating func statefulSet(_ spec: JSONValue, old: JSONValue?) {
        let policy = spec["podManagementPolicy"]?.string ?? ""
        if policy != "OrderedReady" && policy != "Parallel" {
            invalid("spec.podManagementPolicy", Self.quoted(policy), "must be 'OrderedReady' or 'Parallel'")
        }
        let strategy = "spec.updateStrategy"
        let partition = spec["updateStrategy", "rollingUpdate", "partition"]?.integer
        switch spec["updateStrategy", "type"]?.string {
        case "RollingUpdate": atLeastZero("\(strategy).rollingUpdate.partition", partition)
        case "OnDelete":
            if spec["updateStrategy", "rollingUpdate"] != nil {
                invalid(
                    "\(strategy).rollingUpdate",
                    "apps.RollingUpdateStatefulSetStrategy{Partition:\(partition ?? 0)}",
                    "only allowed for updateStrategy 'RollingUpdate'")
            }
        case let type:
            invalid(
                strategy, "apps.StatefulSetUpdateStrategy{Type:\(Self.quoted(type ?? ""))}",
                "must be 'RollingUpdate' or 'OnDelete'")
        }
        atLeastZero("spec.replicas", spec["replicas"]?.integer)
        template(spec, checkingContainers: false)
        guard let old else { return }
        let fixed = { (spec: JSONValue) in
            (spec.object ?? [:]).filter { !["replicas", "template", "updateStrategy"].contains($0.key) }
        }
        if fixed(spec) != fixed(old) {
            add(
                "FieldValueForbidden", "spec",
                "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden"
            )
        }
        atLeastZero("spec.replicas", spec["replicas"]?.integer)  // once more, as the API server does
    }

    private mutating func deployment(_ spec: JSONValue, old: JSONValue?) {
        atLeastZero("spec.replicas", spec["replicas"]?.integer)
        template(spec)
        let rolling = spec["strategy", "rollingUpdate"]
        switch spec["strategy", "type"]?.string {
        case "RollingUpdate":
            if Self.isZero(rolling?["maxSurge"]) && Self.isZero(rolling?["maxUnavailable"]) {
                invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable",
                    "intstr.IntOrString{Type:0, IntVal:0, StrVal:\"\"}", "may not be 0 when `maxSurge` is 0")
            }
        case "Recreate":
            if rolling != nil {
                add(
                    "FieldValueForbidden", "spec.strategy.rollingUpdate",
                    "Forbidden: may not be specified when strategy `type` is 'Recreate'")
            }
        case let type:
            add(
                "FieldValueNotSupported", "spec.strategy",
                "Unsupported value: apps.DeploymentStrategy{Type:\(Self.quoted(type ?? ""))}: supported values: \"Recreate\", \"RollingUpdate\""
            )
        }
        let deadline = spec["progressDeadlineSeconds"]?.integer ?? 0
        atLeastZero("spec.progressDeadlineSeconds", deadline)
        if deadline <= spec["minReadySeconds"]?.integer ?? 0 {
            invalid("spec.progressDeadlineSeconds", "\(deadline)", "must be greater than minReadySeconds")
        }
        if let selector = old?["selector"], selector != spec["selector"] {
            let labels = Self.map(spec["selector", "matchLabels"])
            invalid(
                "spec.selector",
                "v1.LabelSelector{MatchLabels:\(labels), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}",
                "field is immutable")
        }
    }

    private mutating func job(_ spec: JSONValue, at path: String, old: JSONValue? = nil) {
        for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"]
        {
            atLeastZero("\(path).\(field)", spec[field]?.integer)
        }
        let pod = spec["template", "spec"] ?? .null
        containers(pod, at: "\(path).template.spec")
        let policy = pod["restartPolicy"]?.string ?? ""
        if policy != "OnFailure" && policy != "Never" {
            add(
                "FieldValueRequired", "\(path).template.spec.restartPolicy",
                "Required value: valid values: \"OnFailure\", \"Never\"")
        }
        guard let old else { return }
        for field in ["completions", "selector", "template"] where spec[field] != old[field] {
            invalid("\(path).\(field)", "", "field is immutable")
        }
    }

    private mutating func cronJob(_ spec: JSONValue) {
        if (spec["schedule"]?.string ?? "").isEmpty { required("spec.schedule") }
        job(spec["jobTemplate", "spec"] ?? .null, at: "spec.jobTemplate.spec")
    }

    private mutating func pod(_ spec: JSONValue, old: JSONValue?) {
        containers(spec, at: "spec")
        guard let old else { return }
        let changeable: Set<String> = ["image", "activeDeadlineSeconds", "tolerations"]
        func fixed(_ spec: JSONValue) -> [String: JSONValue] {
            (spec.object ?? [:]).filter { !changeable.contains($0.key) }.mapValues { value in
                guard case .array(let items) = value else { return value }
                return .array(items.map { item in .object((item.object ?? [:]).filter { $0.key != "image" }) })
            }
        }
        if spec["containers"]?.array?.count != old["containers"]?.array?.count {
            add("FieldValueForbidden", "spec.containers", "Forbidden: pod updates may not add or remove containers")
        } else if fixed(spec) != fixed(old) {
            add(
                "FieldValueForbidden", "spec",
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)"
            )
        }
    }

    private mutating func lease(_ spec: JSONValue) {
        if let seconds = spec["leaseDurationSeconds"]?.integer, seconds <= 0 {
            invalid("spec.leaseDurationSeconds", "\(seconds)", "must be greater than 0")
        }
        if let transitions = spec["leaseTransitions"]?.integer, transitions < 0 {
            invalid("spec.leaseTransitions", "\(transitions)", "must be greater than or equal to 0")
        }
    }

    /// An object without a namespace is told of in the namespace `default`.
    private mutating func event(_ event: JSONValue, namespace: String) {
        let about = event["involvedObject", "namespace"]?.string ?? ""
        guard about != namespace, !about.isEmpty || namespace != "default" else { return }
        invalid("involvedObject.namespace", Self.quoted(about), "does not match event.namespace")
    }

    /// Selector and template of a workload.
    private mutating func template(_ spec: JSONValue, checkingContainers: Bool = true) {
        let labels = spec["template", "metadata", "labels"]
        let selector = spec["selector"]
        if selector == nil {
            required("spec.selector")
        } else if selector?["matchLabels"] == nil && selector?["matchExpressions"] == nil {
            invalid(
                "spec.selector",
                "v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}",
                "empty selector is invalid for this kind")
        }
        let wanted = selector?["matchLabels"]?.strings ?? [:]
        if selector == nil || !wanted.allSatisfy({ labels?[$0.key]?.string == $0.value }) {
            invalid("spec.template.metadata.labels", Self.map(labels), "`selector` does not match template `labels`")
        }
        guard selector != nil else { return }
        let pod = spec["template", "spec"] ?? .null
        if checkingContainers { containers(pod, at: "spec.template.spec") }
        if let policy = pod["restartPolicy"]?.string, policy != "Always" {
            add(
                "FieldValueNotSupported", "spec.template.spec.restartPolicy",
                "Unsupported value: \(Self.quoted(policy)): supported values: \"Always\"")
        }
    }

    private mutating func containers(_ pod: JSONValue, at path: String) {
        var names: Set<String> = []
        for field in ["containers", "initContainers"] {
            let containers = pod[field]?.array ?? []
            if containers.isEmpty && field == "containers" { required("\(path).containers") }
            for (index, container) in containers.enumerated() {
                let place = "\(path).\(field)[\(index)]"
                let name = container["name"]?.string ?? ""
                if name.isEmpty {
                    required("\(place).name")
                } else if !Self.isLabel(name) || name.utf8.count > 63 {
                    invalid("\(place).name", Self.quoted(name), Self.labelRule)
                } else if !names.insert(name).inserted {
                    add("FieldValueDuplicate", "\(place).name", "Duplicate value: \(Self.quoted(name))")
                }
                if (container["image"]?.string ?? "").isEmpty { required("\(place).image") }
            }
        }
    }

    private mutating func atLeastZero(_ field: String, _ value: Int?) {
        if let value, value < 0 { invalid(field, "\(value)", "must be greater than or equal to 0") }
    }

    private mutating func required(_ field: String, _ detail: String? = nil) {
        add("FieldValueRequired", field, "Required value" + (detail.map { ": \($0)" } ?? ""))
    }

    private mutating func invalid(_ field: String, _ value: String, _ detail: String) {
        add("FieldValueInvalid", field, "Invalid value: \(value): \(detail)")
    }

    private mutating func add(_ reason: String, _ field: String, _ message: String) {
        causes.append(StatusError.Cause(reason: reason, message: message, field: field))
    }

    private static func isLabel(_ text: some StringProtocol) -> Bool {
        let isPlain = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) }
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, isPlain(first), isPlain(last) else { return false }
        return bytes.allSatisfy { isPlain($0) || $0 == 45 }
    }

    private static func isZero(_ value: JSONValue?) -> Bool {
        value?.integer == 0 || value?.string == "0%"
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// As Go prints a `map[string]string`.
    private static func map(_ value: JSONValue?) -> String {
        guard let strings = value?.strings, !strings.isEmpty else { return "map[string]string(nil)" }
        let fields = strings.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
        return "map[string]string{\(fields.joined(separator: ", "))}"
    }

    private static let subdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    private static let labelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
}
