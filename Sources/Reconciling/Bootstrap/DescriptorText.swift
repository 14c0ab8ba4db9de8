import Descriptors
import Documents
import Workloads

/// A descriptor of apps that were found, as text.
enum DescriptorText {
    static func render(environment: String, _ apps: [FoundApp]) -> String {
        let head = """
            # What \(environment) runs. `descry set \(environment) APP=VERSION` changes a version, `descry lint` checks this file.

            """
        guard !apps.isEmpty else { return head + "apps: []\n" }
        return head + "apps:\n" + apps.map(app).joined()
    }

    private static func app(_ app: FoundApp) -> String {
        var lines = ["- name: \(ScalarText.yaml(app.key.name))", "  version: \(ScalarText.yaml(app.version.text))"]
        if app.key.kind != .statefulSet { lines.append("  kind: \(app.key.kind.rawValue)") }
        if let containers = app.containers {
            let names = containers.map(ScalarText.yaml)
            lines.append("  container: " + (names.count == 1 ? names[0] : "[\(names.joined(separator: ", "))]"))
        }
        if let image = app.image { lines.append("  image: \(ScalarText.yaml(image))") }
        return lines.map { "  \($0)\n" }.joined()
    }
}
