import Documents

/// The entries of one kubeconfig file, read but not judged: only the ones that a context names must be right.
///
/// Source of the format: Kubernetes, `kubeconfig (v1)`. Unknown fields are passed over, since the file belongs to other tools.
struct KubeconfigFile {
    struct Cluster {
        var server: String?
        var authorityData: String?
        var authorityFile: String?
        var skipsVerification = false
        var serverName: String?
        var proxy: String?
    }

    struct Context {
        var cluster: String?
        var user: String?
        var namespace: String?
    }

    struct Exec {
        var apiVersion: String?
        var command: String?
        var arguments: [String] = []
        var environment: [String: Secret] = [:]
        var installHint: String?
        var providesClusterInfo = false
        var interactiveMode: String?
    }

    struct User {
        var token: Secret?
        var tokenFile: String?
        var name: String?
        var password: Secret?
        var certificateData: String?
        var certificateFile: String?
        var keyData: Secret?
        var keyFile: String?
        var exec: Exec?
        var authProvider: String?
        var impersonates = false
    }

    /// An entry with the folder that its relative paths count from.
    struct Located<Value> {
        var value: Value
        var file: String

        /// Source of the rule: relative paths are relative to the file that holds them, not to where the program runs.
        func path(_ path: String) -> String {
            if path.hasPrefix("/") { return path }
            guard let slash = file.lastIndex(of: "/") else { return path }
            return file[...slash] + path
        }
    }

    var currentContext: String?
    var clusters: [String: Located<Cluster>] = [:]
    var contexts: [String: Located<Context>] = [:]
    var users: [String: Located<User>] = [:]

    init() {}

    /// - Throws: `invalid-kubeconfig` with all that is wrong with the file. No line of it is quoted: it holds secrets.
    init(_ bytes: [UInt8], file: String) throws(KubernetesError) {
        let document = Document(bytes, file: file, limits: .kubeconfig)
        if let root = document.root, let fields = Fields(root, of: "a kubeconfig", in: document) {
            currentContext = fields.text("current-context")
            clusters = Self.entries(fields, "clusters", "cluster", file, Cluster.init(fields:))
            contexts = Self.entries(fields, "contexts", "context", file, Context.init(fields:))
            users = Self.entries(fields, "users", "user", file, User.init(fields:))
        }
        do {
            try document.finish()
        } catch {
            throw KubernetesError(code: "invalid-kubeconfig", category: .refused, message: error.description)
        }
    }

    /// A list of `{name: …, ENTRY: {…}}`. Of two of one name the first counts.
    private static func entries<Value>(
        _ fields: Fields, _ list: String, _ entry: String, _ file: String, _ read: (Fields) -> Value
    ) -> [String: Located<Value>] {
        var entries: [String: Located<Value>] = [:]
        for node in fields.list(list) {
            guard let item = Fields(node, of: "an entry of \(list)", in: fields.document) else { continue }
            guard let name = item.text("name"), entries[name] == nil else { continue }
            guard let content = item.mapping(entry) else { continue }
            entries[name] = Located(value: read(content), file: file)
        }
        return entries
    }

    /// Takes over what is not there yet: the first file to name something wins.
    mutating func merge(_ other: KubeconfigFile) {
        currentContext = currentContext ?? other.currentContext
        clusters.merge(other.clusters) { first, _ in first }
        contexts.merge(other.contexts) { first, _ in first }
        users.merge(other.users) { first, _ in first }
    }
}

extension KubeconfigFile.Cluster {
    init(fields: Fields) {
        server = fields.text("server")
        authorityData = fields.raw("certificate-authority-data")
        authorityFile = fields.raw("certificate-authority")
        skipsVerification = fields.flag("insecure-skip-tls-verify")
        serverName = fields.text("tls-server-name")
        proxy = fields.text("proxy-url")
    }
}

extension KubeconfigFile.Context {
    init(fields: Fields) {
        cluster = fields.text("cluster")
        user = fields.text("user")
        namespace = fields.text("namespace")
    }
}

extension KubeconfigFile.User {
    init(fields: Fields) {
        token = fields.text("token").map(Secret.init)
        tokenFile = fields.text("tokenFile")
        name = fields.text("username")
        password = fields.text("password").map(Secret.init)
        certificateData = fields.text("client-certificate-data")
        certificateFile = fields.text("client-certificate")
        keyData = fields.text("client-key-data").map(Secret.init)
        keyFile = fields.text("client-key")
        exec = fields.mapping("exec").map(KubeconfigFile.Exec.init(fields:))
        authProvider = fields.mapping("auth-provider").map { $0.text("name") ?? "unnamed" }
        impersonates = ["as", "as-uid", "as-groups", "as-user-extra"].contains { !fields.isAbsent($0) }
    }
}

extension KubeconfigFile.Exec {
    init(fields: Fields) {
        apiVersion = fields.text("apiVersion")
        command = fields.text("command")
        arguments = fields.list("args").compactMap { fields.document.string($0, field: "args") }
        for node in fields.list("env") {
            guard let item = Fields(node, of: "an entry of env", in: fields.document) else { continue }
            if let name = item.text("name") { environment[name] = Secret(item.text("value") ?? "") }
        }
        installHint = fields.text("installHint")
        providesClusterInfo = fields.flag("provideClusterInfo")
        interactiveMode = fields.text("interactiveMode")
    }
}

/// kubectl writes `args: null` and `namespace: ""` for what is not set, so neither counts as given.
extension Fields {
    fileprivate func isAbsent(_ name: String) -> Bool {
        guard let node = self[name] else { return true }
        return node.scalar?.type == .null
    }

    fileprivate func text(_ name: String) -> String? {
        raw(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The same, but an empty text counts: an empty certificate authority must not pass for none.
    fileprivate func raw(_ name: String) -> String? {
        isAbsent(name) ? nil : string(name)
    }

    fileprivate func flag(_ name: String) -> Bool {
        isAbsent(name) ? false : bool(name) ?? false
    }

    fileprivate func list(_ name: String) -> [Node] {
        isAbsent(name) ? [] : items(name) ?? []
    }

    fileprivate func mapping(_ name: String) -> Fields? {
        isAbsent(name) ? nil : fields(name)
    }
}
