import Documents
import Workloads

/// Reads the apps of a descriptor and reports everything that is wrong with them.
struct DescriptorDecoder {
    let document: Document

    /// The apps that could be read in full; the others have been reported.
    func apps(of root: Node) -> [App] {
        guard let fields = Fields(root, of: "a descriptor", known: Descriptor.fieldNames, in: document),
            let list = fields.required("apps", hint: "Write `apps:` and below it the list of apps"),
            let items = document.items(list, field: "apps")
        else { return [] }
        if items.isEmpty {
            document.warning(
                "no-apps", at: list.start, "the descriptor names no apps", hint: "Nothing will be deployed")
        }
        var apps: [App] = []
        apps.reserveCapacity(items.count)
        var order = AppOrder()
        for item in items {
            guard let fields = Fields(item, of: "an app", known: Descriptor.appFieldNames, in: document) else {
                continue
            }
            let after = after(fields)
            let name = name(fields)
            if let name, let node = fields["name"] { order.add(name, at: node, after: after, reportingTo: document) }
            if let app = app(fields, name: name, after: after) { apps.append(app) }
        }
        order.check(reportingTo: document)
        CanaryDecoder.check(apps, reportingTo: document)
        return apps
    }

    /// Every field is read before any is missed, so that all problems of the app are reported.
    private func app(_ fields: Fields, name: String?, after: [(name: String, node: Node)]) -> App? {
        let version = version(fields)
        let kind = kind(fields)
        let containers = containers(fields)
        let image = image(fields)
        let isCritical = fields.bool("critical") ?? true
        let timeout = timeout(fields)
        let canary = CanaryDecoder(document: document, kind: kind, name: name).canary(fields)
        let health = fields["health"].flatMap(HealthCheckDecoder(document: document).check)
        guard let name, let nameNode = fields["name"], let version, let versionNode = fields["version"], let kind else {
            return nil
        }
        return App(
            name: name, version: version, kind: kind, containers: containers, imageRepository: image,
            after: after.map(\.name), isCritical: isCritical, timeout: timeout, canary: canary, health: health,
            position: nameNode.start, versionPosition: versionNode.start, versionEnd: versionNode.end)
    }

    private func name(_ fields: Fields) -> String? {
        fields.required("name", hint: "Add the name of its workload").flatMap { label($0, field: "name") }
    }

    private func version(_ fields: Fields) -> AppVersion? {
        guard let node = fields.required("version", hint: "Add the version that it must run"),
            let text = document.string(node, field: "version")
        else { return nil }
        do throws(AppVersionError) {
            return try AppVersion(text)
        } catch {
            document.error(error.code, at: node, error.message, hint: error.hint)
            return nil
        }
    }

    private func kind(_ fields: Fields) -> WorkloadKind? {
        guard fields.has("kind") else { return .statefulSet }
        guard let node = fields["kind"], let text = document.string(node, field: "kind") else { return nil }
        if let kind = WorkloadKind(rawValue: text) { return kind }
        let known = WorkloadKind.allCases.map(\.rawValue)
        let nearest = NearestName.of(text, among: known)
        document.error(
            "unknown-kind", at: node, "\(TerminalText.quoted(text)) is not a kind of workload",
            hint: nearest.map { "Did you mean \"\($0)\"?" } ?? "Kinds are \(known.joined(separator: ", "))")
        return nil
    }

    private func containers(_ fields: Fields) -> [String]? {
        guard let node = fields["container"] else { return nil }
        guard let items = node.items else { return label(node, field: "container").map { [$0] } }
        return names(items, of: node, field: "container").map(\.name)
    }

    private func after(_ fields: Fields) -> [(name: String, node: Node)] {
        guard let node = fields["after"], let items = document.items(node, field: "after") else { return [] }
        return names(items, of: node, field: "after")
    }

    /// A list of distinct names, at least one.
    private func names(_ items: [Node], of list: Node, field: String) -> [(name: String, node: Node)] {
        if items.isEmpty {
            document.error(
                "empty-list", at: list, "\"\(field)\" names nothing", hint: "Name something, or remove the field")
        }
        var seen: Set<String> = []
        var names: [(name: String, node: Node)] = []
        // Nearly every list has one or two names: comparing them is faster than hashing them.
        let isShort = items.count <= 8
        for item in items {
            guard let name = label(item, field: field) else { continue }
            let isNew = isShort ? !names.contains { $0.name == name } : seen.insert(name).inserted
            if isNew {
                names.append((name, item))
            } else {
                document.error(
                    "duplicate-name", at: item, "\"\(field)\" names \(TerminalText.quoted(name)) twice",
                    hint: "Remove one of them")
            }
        }
        return names
    }

    private func image(_ fields: Fields) -> ImageRepository? {
        guard let node = fields["image"], let text = document.string(node, field: "image") else { return nil }
        do throws(ImageRepositoryError) {
            return try ImageRepository(text)
        } catch {
            document.error("invalid-image", at: node, error.message, hint: error.hint)
            return nil
        }
    }

    private func timeout(_ fields: Fields) -> Duration? {
        fields["timeout"].flatMap { document.duration($0, field: "timeout") }
    }

    private func label(_ node: Node, field: String) -> String? {
        guard let text = document.string(node, field: field) else { return nil }
        guard let problem = DNSLabel.problem(with: text) else { return text }
        document.error(DNSLabel.code, at: node, problem.message, hint: problem.hint)
        return nil
    }
}
