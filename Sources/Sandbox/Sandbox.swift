import FoundationEssentials
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// The embedded cluster: an API server on a loopback port, with objects in memory.
///
/// It serves the slice of the Kubernetes API that Descry uses, as docs/sandbox.md lists it, and refuses what it cannot do
/// honestly with 501.
public final class Sandbox: Sendable {
    public struct Options: Sendable {
        /// The port on 127.0.0.1; 0 for any that is free.
        public var port: Int
        /// How long a pod takes to become ready.
        public var podDelay: Duration
        /// So many writes are remembered for watches to resume over; older resourceVersions answer 410.
        public var historyLimit: Int
        /// How often a watch that wants them gets a bookmark.
        public var bookmarkInterval: Duration

        public init(
            port: Int = 0, podDelay: Duration = .milliseconds(300), historyLimit: Int = 10_000,
            bookmarkInterval: Duration = .seconds(60)
        ) {
            self.port = port
            self.podDelay = podDelay
            self.historyLimit = historyLimit
            self.bookmarkInterval = bookmarkInterval
        }
    }

    /// `https://127.0.0.1:PORT`
    public let server: String
    /// The certificate authority to verify the server with, PEM.
    public let certificateAuthority: String
    /// May do everything.
    public let administrator: Account
    public let faults: Faults

    private let accounts: Accounts
    private let writer: Writer
    let store: ObjectStore

    private init(port: Int, identity: ServerIdentity, api: APIServer) {
        server = "https://127.0.0.1:\(port)"
        certificateAuthority = identity.authority
        accounts = api.accounts
        administrator = api.accounts.administrator()
        faults = api.faults
        writer = api.writer
        store = api.store
    }

    /// Starts a sandbox for as long as the body runs.
    ///
    /// - Throws: what the body throws, or what keeps the server from listening.
    public static func run<R: Sendable>(
        _ options: Options = Options(), _ body: (Sandbox) async throws -> R
    ) async throws -> R {
        let identity = try ServerIdentity()
        let store = ObjectStore(historyLimit: options.historyLimit)
        let accounts = Accounts()
        let api = APIServer(
            store: store, writer: Writer(store: store), accounts: accounts,
            faults: Faults(store: store, accounts: accounts), bookmarkInterval: options.bookmarkInterval)
        let connections = Connections()
        let (ports, started) = AsyncStream<Int>.makeStream()
        let application = try application(options, identity, api, connections) { port in
            started.yield(port)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { started.finish() }
                try await application.run()
            }
            var running = ports.makeAsyncIterator()
            guard let port = await running.next() else {
                try await group.waitForAll()
                throw CancellationError()
            }
            group.addTask {
                await Controllers(store: store, timing: PodTiming(start: options.podDelay / .seconds(1))).run()
            }
            let sandbox = Sandbox(port: port, identity: identity, api: api)
            try sandbox.createNamespace("default")
            let result: Result<R, any Error>
            do {
                result = .success(try await body(sandbox))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            await connections.resetAll()
            return try result.get()
        }
    }

    private static func application(
        _ options: Options, _ identity: ServerIdentity, _ api: APIServer, _ connections: Connections,
        onPort: @escaping @Sendable (Int) -> Void
    ) throws -> Application<CallbackResponder<ConnectionContext>> {
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8)).map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem)))
        let http = HTTP1Channel.Configuration(additionalChannelHandlers: [Connections.Handler(connections)])
        return Application(
            responder: CallbackResponder { request, context in
                try await api.respond(to: request, channel: context.channel)
            },
            server: try .tls(.http1(configuration: http), tlsConfiguration: tls),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: options.port)),
            onServerRunning: { channel in onPort(channel.localAddress?.port ?? options.port) },
            logger: Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A new account, with what it may do within its own namespace.
    public func account(_ name: String, namespace: String, rules: [AccessRule]) -> Account {
        accounts.account(name, namespace: namespace, rules: rules)
    }

    /// From now on the account may do what these rules say, and no longer what it was made with.
    public func change(_ account: Account, namespace: String, rules: [AccessRule]) {
        accounts.change(account, namespace: namespace, rules: rules)
    }

    /// From now on the account's token is answered 401.
    public func revoke(_ account: Account) { accounts.revoke(account) }

    /// A kubeconfig file for the account: the server, its authority and the token, nothing beside it.
    public func kubeconfig(for account: Account, namespace: String? = nil) -> String {
        let authority = Data(certificateAuthority.utf8).base64EncodedString()
        let place = namespace.map { ", namespace: \($0)" } ?? ""
        return """
            apiVersion: v1
            kind: Config
            current-context: sandbox
            clusters:
            - name: sandbox
              cluster: {server: "\(server)", certificate-authority-data: \(authority)}
            users:
            - name: sandbox
              user: {token: "\(account.token)"}
            contexts:
            - name: sandbox
              context: {cluster: sandbox, user: sandbox\(place)}

            """
    }

    /// - Throws: an error that describes itself, where there is one of the name already.
    public func createNamespace(_ name: String) throws {
        _ = try create(
            [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": .string(name), "labels": ["kubernetes.io/metadata.name": .string(name)]],
                "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
            ],
            namespace: "")
    }

    /// Makes an object as a request of the administrator would: with defaults, and checked.
    ///
    /// - Throws: an error that describes itself, where the API would refuse it.
    @discardableResult
    public func create(_ object: JSONValue, namespace: String) throws -> JSONValue {
        let (version, kind) = (object["apiVersion"]?.string ?? "", object["kind"]?.string ?? "")
        guard let resource = APIResource.all.first(where: { $0.apiVersion == version && $0.kind == kind }) else {
            throw StatusError.badRequest("no kind \"\(kind)\" is registered for version \"\(version)\"")
        }
        let key = ObjectKey(
            resource: resource, namespace: resource.isNamespaced ? namespace : "",
            name: object["metadata", "name"]?.string ?? "")
        return try writer.perform(
            WriteRequest(operation: .create, key: key, body: object, fieldManager: "sandbox")
        ).object
    }
}

/// What a request's answer needs beside the request: its connection.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
