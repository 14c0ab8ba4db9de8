import CLibGit2

/// Who git's own configuration says the user is.
public enum ConfiguredIdentity {
    /// `user.name` and `user.email` of the user's and the system's configuration; nil where no name is set.
    ///
    /// - Throws: `libgit2` (internal) where a configuration file can't be read.
    public static func read() throws(GitError) -> (name: String, email: String?)? {
        try LibGit2.prepare()
        let what = "git's configuration can't be read"
        var opened: OpaquePointer?
        try LibGit2.check(what) { git_config_open_default(&opened) }
        defer { git_config_free(opened) }
        guard let name = value("user.name", of: opened) else { return nil }
        return (name, value("user.email", of: opened))
    }

    /// `user.signingKey`, where git signs by SSH keys (`gpg.format` is `ssh`); nil where it doesn't, or none is set.
    ///
    /// - Throws: as ``read()``.
    public static func signingKey() throws(GitError) -> String? {
        try LibGit2.prepare()
        let what = "git's configuration can't be read"
        var opened: OpaquePointer?
        try LibGit2.check(what) { git_config_open_default(&opened) }
        defer { git_config_free(opened) }
        return value("gpg.format", of: opened) == "ssh" ? value("user.signingkey", of: opened) : nil
    }

    private static func value(_ key: String, of configuration: OpaquePointer?) -> String? {
        var buffer = git_buf()
        defer { git_buf_dispose(&buffer) }
        guard git_config_get_string_buf(&buffer, configuration, key) == 0, let text = buffer.ptr else { return nil }
        let value = String(cString: text)
        return value.isEmpty ? nil : value
    }
}
