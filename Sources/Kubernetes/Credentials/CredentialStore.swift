import FoundationEssentials

/// Hands out the current credential, reads it again when it is old, and once more when the server refuses it.
actor CredentialStore {
    private struct Held {
        var credential: Credential
        /// When it is to be read again; nil means never.
        var staleAt: Date?
    }

    /// How long a token file's content is used. client-go does the same; the kubelet rotates bound tokens long before they end.
    private static let tokenFileLifetime: TimeInterval = 60

    private let source: CredentialSource
    private let plugin: @Sendable (ExecPlugin) async throws -> ExecOutcome
    private let date: @Sendable () -> Date
    private var held: Held?
    private var reading: Task<Held, any Error>?

    init(
        source: CredentialSource, date: @escaping @Sendable () -> Date,
        plugin: @escaping @Sendable (ExecPlugin) async throws -> ExecOutcome
    ) {
        self.source = source
        self.date = date
        self.plugin = plugin
    }

    /// The credential to use now.
    func current() async throws -> Credential {
        if let held, held.staleAt.map({ date() < $0 }) ?? true { return held.credential }
        return try await read()
    }

    /// The credential to try after the server answered 401 to `rejected`, or nil where there is no other.
    ///
    /// Many requests may be refused at the same moment: the first one reads, the others get what it read.
    func renew(rejected: Credential) async throws -> Credential? {
        switch source {
        case .anonymous, .token, .basic: return nil
        case .tokenFile, .exec: break
        }
        if let held, held.credential != rejected { return held.credential }
        let fresh = try await read()
        return fresh == rejected ? nil : fresh
    }

    /// One reading at a time, shared by all who wait for it.
    private func read() async throws -> Credential {
        let task: Task<Held, any Error>
        if let reading {
            task = reading
        } else {
            task = Task { [source, plugin, date] in try await Self.read(source, plugin: plugin, date: date) }
            reading = task
        }
        defer { if reading == task { reading = nil } }
        let fresh = try await task.value
        held = fresh
        return fresh.credential
    }

    private static func read(
        _ source: CredentialSource, plugin: @Sendable (ExecPlugin) async throws -> ExecOutcome,
        date: @Sendable () -> Date
    ) async throws -> Held {
        switch source {
        case .anonymous:
            return Held(credential: .none, staleAt: nil)
        case .token(let token):
            return Held(
                credential: try .bearer(token.value.trimmingSpace(), origin: "The configured token"), staleAt: nil)
        case .tokenFile(let path):
            let text = String(decoding: try SmallFile.read(path, what: "the token"), as: UTF8.self)
            return Held(
                credential: try .bearer(text.trimmingSpace(), origin: path),
                staleAt: date().addingTimeInterval(tokenFileLifetime))
        case .basic(let user, let password):
            let login = Data("\(user):\(password.value)".utf8).base64EncodedString()
            return Held(credential: Credential(authorization: Secret("Basic " + login)), staleAt: nil)
        case .exec(let exec):
            let outcome = try await plugin(exec)
            return Held(credential: outcome.credential, staleAt: outcome.expires)
        }
    }
}

/// What a credential plugin gave.
struct ExecOutcome: Sendable {
    var credential: Credential
    /// `status.expirationTimestamp`.
    var expires: Date?
}
