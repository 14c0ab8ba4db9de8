import Documents

extension EnvironmentSettings {
    /// Reads an environment file. Relative paths in it are relative to its folder, which is taken from `file`.
    ///
    /// - Parameter name: the environment that was asked for; a file that calls itself otherwise is refused, so that LIVE's
    ///   settings cannot be had under DEV's name by copying a file.
    public static func parse(
        _ bytes: [UInt8], file: String, expecting name: String? = nil, zones: ZoneDatabase = .system
    ) throws(Refused) -> EnvironmentSettings {
        try decode(Document(bytes, file: file), expecting: name, zones: zones)
    }

    /// The same for a document that has been read already.
    public static func decode(
        _ document: Document, expecting name: String? = nil, zones: ZoneDatabase = .system
    ) throws(Refused) -> EnvironmentSettings {
        var settings = EnvironmentSettings()
        if let root = document.root {
            settings = EnvironmentFileDecoder(document: document, zones: zones).settings(of: root, expecting: name)
        }
        try document.finish()
        settings.warnings = document.diagnostics
        return settings
    }
}

/// Reads the fields of an environment file and reports everything that is wrong with them.
private struct EnvironmentFileDecoder {
    let document: Document
    let zones: ZoneDatabase

    /// Fields that would hold a secret, and where it belongs instead.
    private static let inlineSecrets: [String: String] = [
        "password": "Put it into a file and name that as passwordFile, or set DESCRY_GIT_PASSWORD",
        "token": "Put it into a file and name that as tokenFile, or set DESCRY_TOKEN or DESCRY_GIT_TOKEN",
        "clientKeyData": "Put it into a file and name that as git.clientKey",
        "privateKey": "Put it into a file and name that as git.sshKey or git.clientKey",
        "secret": "Put it into a file and name that as forge.webhookSecretFile",
        "webhookSecret": "Put it into a file and name that as forge.webhookSecretFile",
    ]

    func settings(of root: Node, expecting expected: String?) -> EnvironmentSettings {
        var settings = EnvironmentSettings()
        guard
            let fields = Fields(
                root, of: "an environment file", known: known(in: nil), reportedElsewhere: secretNames, in: document)
        else {
            return settings
        }
        settings.name = name(fields, expecting: expected)
        refuseSecrets(fields, section: nil)
        read(fields, section: nil, into: &settings)
        for section in Self.sections {
            guard let node = fields[section],
                let inner = Fields(
                    node, of: "\"\(section)\"", known: known(in: section), reportedElsewhere: secretNames, in: document)
            else { continue }
            refuseSecrets(inner, section: section)
            read(inner, section: section, into: &settings)
        }
        for (first, second) in EnvironmentSettings.exclusions {
            guard let one = settings.values[first], let other = settings.values[second],
                let place = [one, other].compactMap(\.origin.position).max()
            else { continue }
            document.error(
                "conflicting-settings", at: place, "\(first.rawValue) and \(second.rawValue) exclude each other",
                hint: "Give one of them")
        }
        if let problem = settings.unsignedRevert, let place = problem.origin.position {
            document.error(problem.code, at: place, problem.message, hint: problem.hint)
        }
        return settings
    }

    private static let sections: [String] = EnvironmentSetting.allCases.reduce(into: []) { sections, setting in
        if let section = setting.section, !sections.contains(section) { sections.append(section) }
    }

    private func known(in section: String?) -> [String] {
        let settings = EnvironmentSetting.allCases.filter { $0.section == section && $0.key != nil }.map(\.name)
        return section == nil ? ["environment"] + settings + Self.sections : settings
    }

    private var secretNames: [String] { Array(Self.inlineSecrets.keys) }

    private func refuseSecrets(_ fields: Fields, section: String?) {
        for name in Self.inlineSecrets.keys.sorted() {
            guard let key = fields.key(name), var hint = Self.inlineSecrets[name] else { continue }
            if name == "token", section == "forge" { hint = "Put it into a file and name that as forge.tokenFile" }
            document.error(
                "inline-secret", at: key, "\"\(name)\" would keep a secret in this file", hint: hint)
            if let value = fields[name] { document.hideSource(of: value) }
        }
    }

    private func name(_ fields: Fields, expecting expected: String?) -> String? {
        guard let node = fields.required("environment", hint: "Add the environment's name, such as `environment: DEV`"),
            let name = document.string(node, field: "environment")
        else { return nil }
        if let problem = EnvironmentName.problem(with: name) {
            document.error(problem.code, at: node, problem.message, hint: problem.hint)
        } else if let expected, name != expected {
            document.error(
                "environment-mismatch", at: node,
                "this file is for \(TerminalText.quoted(name)), and \(TerminalText.quoted(expected)) was asked for",
                hint: "Name the environment by its own file")
        }
        return name
    }

    private func read(_ fields: Fields, section: String?, into settings: inout EnvironmentSettings) {
        let reader = SettingReader(folder: folder)
        for setting in EnvironmentSetting.allCases where setting.section == section && setting.key != nil {
            guard let node = fields[setting.name] else { continue }
            do throws(SettingProblem) {
                guard let value = try value(of: setting, node, reader) else { continue }
                settings.values[setting] = .init(
                    value: value, origin: .init(name: document.file, position: node.start))
            } catch {
                if error.hidesSource { document.hideSource(of: node) }
                document.error(error.code, at: node, error.message, hint: error.hint)
            }
        }
    }

    private func value(
        of setting: EnvironmentSetting, _ node: Node, _ reader: SettingReader
    ) throws(SettingProblem) -> EnvironmentSettings.Value? {
        if case .channels = setting.shape {
            guard let items = document.items(node, field: setting.name) else { return nil }
            let names = items.compactMap { document.string($0, field: setting.name) }
            return names.count == items.count ? .channels(try reader.channels(names)) : nil
        }
        switch setting.shape {
        case .duration: return document.duration(node, field: setting.name).map { .duration($0) }
        case .windows: return ChangeWindows.decode(node, in: document, zones: zones).map { .windows($0) }
        case .signatureRule: return document.signatureRule(node, field: setting.name)
        case .count: return document.integer(node, field: setting.name, in: 1...20).map { .count($0) }
        case .bool: return document.bool(node, field: setting.name).map { .bool($0) }
        default: break
        }
        guard let text = document.string(node, field: setting.name) else { return nil }
        return try reader.value(of: setting, text)
    }

    /// Everything up to the last slash of the file's name; empty for standard input and for a bare name.
    private var folder: String {
        guard let slash = document.file.lastIndex(of: "/") else { return "" }
        return slash == document.file.startIndex ? "/" : String(document.file[..<slash])
    }
}
