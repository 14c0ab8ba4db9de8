/// The `ssh` that carries the protocol: the user's own program, keys, agent, configuration and known hosts.
enum SSHCommand {
    /// - Throws: `ssh-command` (refused) where `GIT_SSH_COMMAND` needs a shell.
    static func make(
        remote: RemoteURL, options: GitOptions, service: Service = .uploadPack
    ) throws(GitError) -> ProcessCommand {
        var words = try program(options)
        let executable = words.removeFirst()
        let seconds = max(1, options.deadlines.connect.components.seconds)
        // Nobody is there to answer a question, and a silent server must be given up.
        words += ["-o", "BatchMode=yes", "-o", "ConnectTimeout=\(seconds)"]
        if service.version != nil { words += ["-o", "SendEnv=GIT_PROTOCOL"] }
        words.append("-T")
        if let port = remote.port { words += ["-p", String(port)] }
        words += ["--", remote.user.map { "\($0)@\(remote.host)" } ?? remote.host]
        words.append("\(service.rawValue) " + quoted(remote.path))
        return ProcessCommand(
            executable: executable, arguments: words, environment: options.childEnvironment(for: service))
    }

    /// A path as git quotes it for the shell at the other end: `quote.c`, `sq_quote_buf`.
    static func quoted(_ path: String) -> String {
        "'" + path.replacing("'", with: "'\\''").replacing("!", with: "'\\!'") + "'"
    }

    private static func program(_ options: GitOptions) throws(GitError) -> [String] {
        if let words = options.sshCommand, !words.isEmpty { return words }
        if let line = options.environment["GIT_SSH_COMMAND"], !line.isEmpty { return try split(line) }
        if let program = options.environment["GIT_SSH"], !program.isEmpty { return [program] }
        return ["ssh"]
    }

    /// Splits `GIT_SSH_COMMAND` into words by the shell's rules for blanks, quotes and backslashes. git hands it to a
    /// shell; here none runs, so what only a shell can do is refused rather than passed on unexpanded.
    static func split(_ line: String) throws(GitError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = line.makeIterator()
        while let character = characters.next() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if open == "\"", character == "\\" {
                    guard let next = characters.next() else { throw invalid() }
                    word = (word ?? "") + ("\"\\$`".contains(next) ? String(next) : "\\" + String(next))
                } else if open == "\"", "$`".contains(character) {
                    throw invalid()
                } else {
                    word = (word ?? "") + String(character)
                }
                continue
            }
            switch character {
            case " ", "\t":
                if let finished = word { words.append(finished) }
                word = nil
            case "'", "\"":
                quote = character
                word = word ?? ""
            case "\\":
                guard let next = characters.next() else { throw invalid() }
                word = (word ?? "") + String(next)
            case "$", "`", ";", "&", "|", "<", ">", "(", ")", "*", "?", "[", "#", "~", "\n", "\r\n":
                throw invalid()
            default:
                word = (word ?? "") + String(character)
            }
        }
        if let finished = word { words.append(finished) }
        guard quote == nil, !words.isEmpty else { throw invalid() }
        return words
    }

    private static func invalid() -> GitError {
        .refused(
            "ssh-command", "GIT_SSH_COMMAND can't be split into words without a shell",
            hint: "Use plain words, quotes and backslashes, such as: ssh -i '/path/to/key'")
    }
}

extension GitOptions {
    /// What `ssh` and `git` get: everything of ours but our settings and credentials, and messages that can be recognised.
    func childEnvironment(for service: Service) -> [String: String] {
        var variables = environment.filter { !$0.key.hasPrefix("DESCRY_") }
        for source in [credentials.username, credentials.password, credentials.token] {
            if case .environment(let name)? = source { variables[name] = nil }
        }
        // Variables that would turn git to another repository.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_INDEX_FILE"] {
            variables[name] = nil
        }
        variables["GIT_PROTOCOL"] = service.version
        variables["LC_ALL"] = "C"
        variables["LANGUAGE"] = nil
        return variables
    }
}
