import ArgumentParser
import FoundationEssentials
import Logging
import Reconciling
import Reporting
import ServiceLifecycle
import Serving
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep every environment as its branch says, until it is told to end.",
        discussion: """
            Reads the environment files of a folder, polls their repositories, and makes a pass over an environment whenever \
            its branch has a new commit or somebody else has changed its workloads. Several replicas share the environments by \
            a lease each. Serves /webhooks, /metrics, /healthz, /readyz and /version; docs/run.md tells all of it.

            Settings of all environments can also come from DESCRY_… variables, which go over the files. A change in the folder is \
            taken up within seconds, and at once by SIGHUP.

            EXAMPLES
              descry run
              descry run --environments /etc/descry/environments --listen :8080
              descry run --log-format text --log-level debug

            EXIT CODES
              0   ended by SIGTERM or SIGINT: what was under way is recorded, leases are given back
              1   it cannot listen, or an error in Descry itself
              64, 65: the flags, variables or the server's certificate are refused
            """)

    /// For the loop; the server's own second and the forges' come on top, and all of it stays below ten.
    static let drain = Duration.seconds(6)
    private static let longest = Duration.milliseconds(9500)

    @OptionGroup var options: RunOptions

    func run() async throws {
        HeapSettings.apply()
        do {
            try await serve()
        } catch let error as ServerError {
            let failure = Failure(
                status: error.code == "certificate" ? .refused : .internalError, code: error.code,
                message: error.description)
            failure.printText()
            throw ExitCode(failure.status.rawValue)
        } catch let ended as ExitCode {
            throw ended
        } catch {
            let failure = Failure(error)
            failure.printText()
            throw ExitCode(failure.status.rawValue)
        }
    }

    private func serve() async throws {
        Self.raiseFileLimit()
        let variables = ProcessInfo.processInfo.environment
        let settings = try EnvironmentSettings.variables(variables)
        let folder = EnvironmentFolder(
            path: options.folder ?? variables.nonEmpty("DESCRY_ENVIRONMENTS") ?? "environments", variables: settings)
        let logger = options.logger()
        let metrics = Metrics(version: Version.text)
        let reporter = ForgeReporter(version: Version.text, metrics: metrics, logger: logger)
        let forge = LoopForge(reporter)
        let holder = LeaseHolder.replica(options.replica, variables)
        let waiting = WaitingEnvironments()
        let loop = loop(holder, variables, metrics, forge, waiting, logger)
        let configuration = RunConfiguration(loop: loop, metrics: metrics, waiting: waiting, logger: logger)
        let webhooks = WebhookReceiver(
            endpoints: { await configuration.endpoints }, metrics: metrics, logger: logger
        ) { names in await loop.wake(WakeHint(environments: names, reason: .webhook)) }
        let server = HTTPServer(
            settings: options.serverSettings(), metrics: metrics, readiness: { await configuration.readiness },
            webhooks: webhooks, version: Version.text, logger: logger)
        logger.notice("Starting", metadata: ["version": "\(Version.text)", "replica": "\(holder)"])
        // They end in reverse order: the server answers probes and metrics until the loop has drained.
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: server),
                .init(
                    service: LoopService(
                        loop: loop, configuration: configuration, folder: folder, forge: forge, reporter: reporter,
                        logger: logger)),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger))
        group.maximumGracefulShutdownDuration = Self.longest
        try await ServiceGroup(configuration: group).run()
        logger.notice("Ended")
    }

    private func loop(
        _ holder: LeaseHolder, _ variables: [String: String], _ metrics: Metrics, _ forge: LoopForge,
        _ waiting: WaitingEnvironments, _ logger: Logger
    ) -> Loop {
        let cache = Connections.cacheFolder(options.cache, variables)
        @Sendable func connections(_ environment: Reconciling.Environment) -> Connections {
            Connections(environment: environment, variables: variables, cacheFolder: cache, logger: logger)
        }
        let log = LoopLog(logger)
        let counts = LoopMetrics(metrics)
        return Loop(
            settings: options.loopSettings(), holder: holder,
            sources: LoopSources(
                repository: { try connections($0).repository { metrics.count($0) } },
                cluster: { try connections($0).cluster { metrics.count($0) } }),
            logger: logger, runner: Deployment.Runner(user: "descry run", host: holder.identity),
            queueDepth: { metrics.set(queueDepth: $0) },
            tell: { event in
                log.record(event)
                counts.record(event)
                forge.record(event)
                waiting.record(event)
            })
    }

    /// The life cycle of services is nothing that an operator asks about, unless it breaks.
    private func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    /// Each environment takes a connection for each kind of workload that it watches, and during a pass two more. The soft limit
    /// that shells and container runtimes give is for other times.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(Self.openFiles, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        _ = setrlimit(Self.openFiles, &limit)  // where it cannot be raised, what it is has to do
    }

    #if canImport(Glibc)
        private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let openFiles = RLIMIT_NOFILE
    #endif
}
