/// The types of the fields that the controllers, kubectl and Descry read. An API server knows every field's type; the sandbox
/// has no schema, and looks at these alone.
enum FieldTypes {
    private enum FieldType: String {
        case integer = "an integer"
        case string = "a string"
        case strings = "an object of strings"
        case list = "a list"
        case object = "an object"
        case microTime = "a time with microseconds"
    }

    private static let types: [String: FieldType] = {
        let names: [FieldType: [String]] = [
            .integer: [
                "replicas", "partition", "revisionHistoryLimit", "progressDeadlineSeconds", "minReadySeconds",
                "terminationGracePeriodSeconds", "containerPort", "leaseDurationSeconds", "leaseTransitions",
                "observedGeneration",
                "backoffLimit", "completions", "parallelism", "activeDeadlineSeconds", "ttlSecondsAfterFinished",
            ],
            .string: [
                "image", "imagePullPolicy", "restartPolicy", "serviceName", "podManagementPolicy", "name", "uid",
                "schedule", "holderIdentity",
            ],
            .microTime: ["acquireTime", "renewTime"],
            .strings: ["annotations", "labels", "nodeSelector", "data"],
            .list: [
                "containers", "initContainers", "env", "volumes", "volumeMounts", "tolerations", "args", "command",
            ],
            .object: ["metadata", "spec", "template", "updateStrategy", "strategy", "rollingUpdate", "jobTemplate"],
        ]
        return Dictionary(names.flatMap { type, names in names.map { ($0, type) } }) { first, _ in first }
    }()

    /// Go's `2006-01-02T15:04:05.000000Z07:00`, which takes no other number of digits.
    private static var microTime: Regex<Substring> { /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)/ }

    /// Their keys are the user's, as those of labels are.
    private static let usersOwn: Set<String> = ["selector", "limits", "requests", "managedFields"]

    /// - Returns: what is wrong with the first field of another type than its own; nil where none is.
    static func firstMismatch(in object: JSONValue, at path: String = "") -> String? {
        for (name, value) in (object.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let place = "\(path).\(name)"
            if let type = types[name], !fits(value, type) { return "\(place): expected \(type.rawValue)" }
            if types[name] == .strings || usersOwn.contains(name) { continue }
            if let found = firstMismatch(in: value, at: place) { return found }
            for (index, item) in (value.array ?? []).enumerated() {
                if let found = firstMismatch(in: item, at: "\(place)[\(index)]") { return found }
            }
        }
        return nil
    }

    private static func fits(_ value: JSONValue, _ type: FieldType) -> Bool {
        switch (type, value) {
        case (_, .null), (.integer, .integer), (.string, .string), (.list, .array), (.object, .object): true
        case (.microTime, .string(let text)): text.wholeMatch(of: microTime) != nil
        case (.strings, .object(let fields)): fields.values.allSatisfy { $0.string != nil || $0 == .null }
        default: false
        }
    }
}
