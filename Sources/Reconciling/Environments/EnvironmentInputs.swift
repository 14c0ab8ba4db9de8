import Documents

extension EnvironmentSettings {
    /// Reads the `DESCRY_…` variables of a process's environment. A variable that is set to nothing counts as absent, since
    /// pipelines cannot always leave one out.
    ///
    /// Secrets are not taken over: only that their variable is set.
    public static func variables(_ environment: [String: String]) throws(Refused) -> EnvironmentSettings {
        var settings = EnvironmentSettings()
        var problems: [Diagnostic] = []
        for setting in EnvironmentSetting.allCases {
            guard let variable = setting.variable, let text = environment[variable], !text.isEmpty else { continue }
            if setting.isSecret {
                settings.values[setting] = .init(
                    value: .secret(variable: variable), origin: .init(name: variable, position: nil))
            } else {
                settings.read(text, as: setting, from: variable, problems: &problems)
            }
        }
        if !problems.isEmpty { throw Refused(problems) }
        settings.warnings = mistyped(environment.keys.filter { $0.hasPrefix("DESCRY_") })
        return settings
    }

    /// Takes over the flags that were given, by their setting.
    public static func flags(_ texts: [EnvironmentSetting: String]) throws(Refused) -> EnvironmentSettings {
        var settings = EnvironmentSettings()
        var problems: [Diagnostic] = []
        for setting in EnvironmentSetting.allCases {
            guard let flag = setting.flag, let text = texts[setting] else { continue }
            settings.read(text, as: setting, from: flag, problems: &problems)
        }
        if !problems.isEmpty { throw Refused(problems) }
        return settings
    }

    private mutating func read(
        _ text: String, as setting: EnvironmentSetting, from source: String, problems: inout [Diagnostic]
    ) {
        do throws(SettingProblem) {
            let value = try SettingReader(folder: "").value(of: setting, text)
            values[setting] = .init(value: value, origin: .init(name: source, position: nil))
        } catch {
            problems.append(Diagnostic(code: error.code, message: error.message, hint: error.hint, file: source))
        }
    }

    /// A variable that is one slip away from a known one would silently leave the file's value in force.
    private static func mistyped(_ names: [String]) -> [Diagnostic] {
        let known = EnvironmentSetting.allCases.compactMap(\.variable)
        return names.sorted().filter { !known.contains($0) }.compactMap { name in
            NearestName.of(name, among: known).map { nearest in
                Diagnostic(
                    severity: .warning, code: "unknown-variable", message: "this variable means nothing to Descry",
                    hint: "Did you mean \(nearest)?", file: name)
            }
        }
    }
}
