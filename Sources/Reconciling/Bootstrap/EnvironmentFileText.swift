import Documents

/// An environment file of given settings, as text.
enum EnvironmentFileText {
    /// - Parameters:
    ///   - settings: each as a flag would say it. None of them is a secret.
    ///   - folder: where relative paths begin, which become absolute: in a file they begin elsewhere.
    static func render(name: String, _ settings: [EnvironmentSetting: String], from folder: String) -> String {
        var text =
            "# How Descry deploys to \(name). It belongs to whoever operates \(name), not into the deployment repository.\n"
        text += "environment: \(ScalarText.yaml(name))\n"
        var sections: Set<String> = []
        for setting in EnvironmentSetting.allCases {
            guard let value = settings[setting], setting.key != nil else { continue }
            var margin = ""
            if let section = setting.section {
                if sections.insert(section).inserted { text += "\(section):\n" }
                margin = "  "
            }
            text += "\(margin)\(setting.name): \(self.value(value, setting, folder))\n"
        }
        return text
    }

    private static func value(_ text: String, _ setting: EnvironmentSetting, _ folder: String) -> String {
        switch setting.shape {
        case .channels:
            let names = text.split(separator: ",").map { String($0.filter { $0 != " " }) }
            return "[\(names.map(ScalarText.yaml).joined(separator: ", "))]"
        case .path where !text.hasPrefix("/"): return ScalarText.yaml("\(folder)/\(text)")
        default: return ScalarText.yaml(text)
        }
    }
}
