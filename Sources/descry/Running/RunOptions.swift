import ArgumentParser
import Documents
import Logging
import Reconciling
import Serving

/// A duration as the command line takes it: `90s`, `10m`.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        do throws(DurationTextError) {
            duration = try DurationText.parse(argument)
        } catch {
            return nil  // the parser says which flag, and what it was given
        }
    }

    var description: String { DurationText.format(duration) }
    var defaultValueDescription: String { description }
}

/// `HOST:PORT`, `[ADDRESS]:PORT` or `:PORT`.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        self.host = host.isEmpty ? "0.0.0.0" : host
        self.port = port
    }

    var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
    var defaultValueDescription: String { description }
}

/// The flags of `descry run`. Each can be given by a variable, as a Deployment's manifest does more readily.
struct RunOptions: ParsableArguments {
    @Option(
        name: .customLong("environments"),
        help: .init(
            "The folder of the environment files (DESCRY_ENVIRONMENTS; default: environments).", valueName: "folder"))
    var folder: String?

    @Option(
        help: .init(
            "The folder that keeps fetched objects (DESCRY_CACHE; default: descry under XDG_CACHE_HOME or ~/.cache).",
            valueName: "folder"))
    var cache: String?

    @Option(
        help: .init(
            "What this replica calls itself in leases (DESCRY_REPLICA; default: POD_NAME, else the host's name).",
            valueName: "name"))
    var replica: String?

    @Option(help: .init("Where webhooks, metrics and probes are served.", valueName: "host:port"))
    var listen = ListenAddress(host: "0.0.0.0", port: 8080)

    @Option(help: .init("A PEM file of the server's certificate chain; with --tls-key.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: .init("A PEM file of its private key.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: .init(
            "How often each repository is asked for its branches, a tenth more or less.", valueName: "duration"))
    var pollInterval = DurationArgument(.seconds(60))

    @Option(
        help: .init(
            "How often an environment is looked at although nothing is known to have changed.", valueName: "duration"))
    var resyncInterval = DurationArgument(.seconds(600))

    @Option(help: .init("How many passes begin at once.", valueName: "number"))
    var passesAtOnce = 32

    @Option(help: "How log lines are written: json or text.")
    var logFormat = LogFormat.json

    @Option(help: "The least severe lines that are logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func validate() throws {
        if Logger.Level(rawValue: logLevel) == nil {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level is one of \(levels)")
        }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key need each other")
        }
        if !(1...10_000).contains(passesAtOnce) {
            throw ValidationError("--passes-at-once is a number from 1 to 10000")
        }
        if pollInterval.duration < .seconds(1) || resyncInterval.duration < .seconds(1) {
            throw ValidationError("--poll-interval and --resync-interval are a second at least")
        }
    }

    /// To standard output, one line an entry.
    func logger() -> Logger {
        let format = logFormat
        var logger = Logger(label: "descry") { _ in LogLines(format) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        return logger
    }

    func loopSettings() -> LoopSettings {
        LoopSettings(
            pollInterval: pollInterval.duration, resyncInterval: resyncInterval.duration, passesAtOnce: passesAtOnce,
            drain: RunCommand.drain)
    }

    func serverSettings() -> ServerSettings {
        var settings = ServerSettings(certificate: tlsCertificate, key: tlsKey)
        (settings.host, settings.port) = (listen.host, listen.port)
        settings.limits.drain = .seconds(1)
        return settings
    }
}
