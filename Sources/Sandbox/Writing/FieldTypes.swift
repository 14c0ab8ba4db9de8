/// The types of the fields that the controllers, kubectl and Descry read. An API server knows every field's type; the sandbox
/// has no schema, and looks at these alone.
enum FieldTypes {
    private enum FieldType: String {
        case integer = "an integer"
        case string = "a string"
        case strings = "an object of strings"
        case list = "a list"
        case object = "an object"
    }

    private static let types: [String: FieldType] = {
        let names: [FieldType: [String]] = [
            .integer: [
                "replicas", "partition", "revisionHistoryLimit", "progressDeadlineSeconds", "minReadySeconds",
                "terminationGracePeriodSeconds", "containerPort", "leaseDurationSeconds", "observedGeneration",
                "backoffLimit", "completions", "parallelism", "activeDeadlineSeconds", "ttlSecondsAfterFinished",
            ],
            .string: [
                "image", "imagePullPolicy", "restartPolicy", "serviceName", "podManagementPolicy", "name", "uid",
                "schedule",
            ],
            .strings: ["annotations", "labels", "nodeSelector", "data"],
            .list: [
                "containers", "initContainers", "env", "volumes", "volumeMounts", "tolerations", "args", "command",
            ],
            .object: ["metadata", "spec", "template", "updateStrategy", "strategy", "rollingUpdate", "jobTemplate"],
        ]
        return Dictionary(names.flatMap { type, names in names.map { ($0, type) } }) { first, _ in first }
    }()

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
        case (.strings, .object(let fields)): fields.values.allSatisfy { $0.string != nil || $0 == .null }
        default: false
        }
    }
}
