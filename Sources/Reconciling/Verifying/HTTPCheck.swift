import AsyncHTTPClient
import Documents
import NIOCore
import NIOHTTP1
import NIOSSL
import Reporting

/// Asks a URL until it answers well, or the time is up.
struct HTTPCheck: Sendable {
    let url: String
    let time: CheckTime
    let timeout: Duration
    let tell: @Sendable (VerificationProgress.State) -> Void
    /// The system's authorities, but in tests.
    var trust: NIOSSLTrustRoots = .default

    private static let pause = Duration.seconds(2)
    /// One try, from its beginning to the end of what is read.
    private static let tryLimit = Duration.seconds(10)

    /// The URL as it is printed: a query may hold what is nobody's business.
    static func shown(_ url: String) -> String { String(url.prefix { $0 != "?" }) }

    /// What one try came to.
    private enum Try {
        case good
        case bad(String)
        case unanswered(String)

        var problem: String? {
            switch self {
            case .good: nil
            case .bad(let problem), .unanswered(let problem): problem
            }
        }
    }

    /// - Throws: `CancellationError`.
    func run() async throws -> CheckResult {
        tell(.started(job: nil))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<CheckResult, any Error>
        do {
            result = .success(try await ask(client))
        } catch {
            result = .failure(error)
        }
        do {
            try await client.shutdown()
        } catch {
            // It was shut down already, or a connection did not end in time: neither says anything of the check.
        }
        return try result.get()
    }

    private func ask(_ client: HTTPClient) async throws -> CheckResult {
        while true {
            let outcome = try await once(client)
            guard let problem = outcome.problem else { return CheckResult() }
            guard time.elapsed() + Self.pause < timeout else { return CheckResult(failure: failure(outcome, problem)) }
            tell(.waiting(problem))
            try await time.sleep(Self.pause)
        }
    }

    private func failure(_ outcome: Try, _ problem: String) -> AppReport.Failure {
        let code = if case .bad = outcome { "verify-failed" } else { "verify-timed-out" }
        let limit = DurationText.format(timeout)
        return AppReport.Failure(
            code: code, message: "\(Self.shown(url)) did not answer well within \(limit); at last it \(problem)",
            hint: "Mend what it says, or give it longer: verify.timeout")
    }

    private func once(_ client: HTTPClient) async throws -> Try {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "User-Agent", value: "descry")
        request.headers.add(name: "Accept", value: "*/*")
        do {
            let answer = try await Self.answer(to: request, client)
            return answer.problem(expecting: nil).map { .bad($0) } ?? .good
        } catch {
            try Task.checkCancellation()
            return .unanswered(Self.words(for: error))
        }
    }

    private struct TooSlow: Error {}

    private static func answer(to request: HTTPClientRequest, _ client: HTTPClient) async throws -> HealthAnswer {
        try await withThrowingTaskGroup(of: HealthAnswer.self) { group in
            group.addTask {
                let response = try await client.execute(request, timeout: .seconds(60))
                var body: [UInt8] = []
                for try await part in response.body {
                    body += part.readableBytesView
                    if body.count > HealthAnswer.bodyLimit { break }
                }
                return HealthAnswer(status: Int(response.status.code), body: body)
            }
            group.addTask {
                try await Task.sleep(for: tryLimit)
                throw TooSlow()
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// To follow "it".
    private static func words(for error: any Error) -> String {
        if error is TooSlow { return "gave no complete answer in \(DurationText.format(tryLimit))" }
        let text = String(describing: error)
        if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("unableToValidateCertificate") {
            return "showed a certificate that is not good by the system's authorities, or is another host's"
        }
        switch error as? HTTPClientError {
        case .connectTimeout?: return "could not be connected to in time"
        case .remoteConnectionClosed?: return "ended the connection without an answer"
        default: return "could not be asked: \(TerminalText.escaped(String(text.prefix(300))))"
        }
    }

    private var configuration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.trustRoots = trust
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10)))
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
