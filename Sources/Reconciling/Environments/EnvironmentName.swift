import Documents

/// The name of an environment: letters, digits and dashes, so that it can stand in the names of Kubernetes objects
/// (`descry-live`), in a file's name and in a URL.
enum EnvironmentName {
    static func problem(with name: String) -> SettingProblem? {
        let rule = "Use letters, digits and dashes, beginning and ending with a letter or digit, at most 63"
        guard let first = name.utf8.first, let last = name.utf8.last else {
            return SettingProblem("invalid-environment-name", "the environment's name is empty", hint: rule)
        }
        let dash = UInt8(ascii: "-")
        guard name.utf8.count <= 63, first != dash, last != dash,
            name.utf8.allSatisfy({ $0 == dash || isAlphanumeric($0) })
        else {
            return SettingProblem(
                "invalid-environment-name", "\(TerminalText.quoted(name)) is not the name of an environment", hint: rule
            )
        }
        return nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }
}
