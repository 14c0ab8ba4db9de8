import AsyncHTTPClient
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1

/// Brings one status to its forge. The token is read for it, shown to the forge's own address only, and kept nowhere.
struct ForgeCourier: Sendable {
    let clients: ForgeClients
    let userAgent: String
    let time: ForgeTime
    let logger: Logger

    /// For one request, from its first to the last byte of its answer.
    private static let requestTimeout = Duration.seconds(10)
    private static let answerLimit = 1 << 20

    /// - Parameter known: what the forge was told before; where nobody remembers, it is asked, so that a restart repeats nothing.
    /// - Returns: what the forge had already, where that made it needless; nil where the status was set.
    /// - Throws: `ForgeFailure`.
    func deliver(_ delivery: ForgeQueue.Delivery, known: CommitStatus?) async throws -> CommitStatus? {
        let (settings, context, status) = (delivery.settings, delivery.context, delivery.status)
        let secret: String
        do throws(SecretFile.Unusable) {
            secret = try settings.token.readToken()
        } catch {
            throw ForgeFailure(.denied, "forge-token", error.description, hint: "The file is read anew each time")
        }
        let client = try await clients.client(authority: settings.certificateAuthority)
        let errand = Errand(client: client, context: context, tokenPath: settings.token.path, token: secret)
        let api = context.forge.statuses
        if known == nil, let found = try await ask(errand, status.commit) {
            let shown = CommitStatus(
                commit: status.commit, status.state, status.description(limit: api.descriptionLimit))
            if !shown.isNews(over: found) { return found }
        }
        let answer = try await send(api.submission(status, context), errand)
        if (200..<300).contains(answer.status) { return nil }
        // GitLab refuses to set the state that there is; another replica may have set it meanwhile.
        if answer.status == 400, let found = try await ask(errand, status.commit), found.state == status.state {
            return found
        }
        throw failure(answer, errand)
    }

    private struct Errand {
        let client: HTTPClient
        let context: StatusContext
        let tokenPath: String
        let token: String
    }

    /// What the forge has of this commit; nil where it has nothing, or does not say.
    private func ask(_ errand: Errand, _ commit: String) async throws -> CommitStatus? {
        let api = errand.context.forge.statuses
        let answer = try await send(api.inquiry(commit, errand.context), errand)
        guard answer.status == 200 else {
            let failure = failure(answer, errand)
            if case .passing = failure.kind { throw failure }
            return nil
        }
        do {
            guard let known = try api.known(answer.body, errand.context),
                let state = CommitStatus.State.allCases.first(where: { api.word(for: $0) == known.word })
            else { return nil }
            return CommitStatus(commit: commit, state, known.description)
        } catch {
            logger.debug(
                "The forge's statuses cannot be read",
                metadata: ["environment": "\(errand.context.environment)", "reason": "\(error)"])
            return nil
        }
    }

    private func failure(_ answer: ForgeAnswer, _ errand: Errand) -> ForgeFailure {
        ForgeFailure(
            answer, errand.context, token: errand.tokenPath, epochSeconds: time.date().timeIntervalSince1970)
    }

    private func send(_ request: ForgeRequest, _ errand: Errand) async throws -> ForgeAnswer {
        var prepared = HTTPClientRequest(url: request.url)
        let authorization = errand.context.forge.statuses.authorization(errand.token)
        prepared.headers.add(name: "User-Agent", value: userAgent)
        prepared.headers.add(name: authorization.name, value: authorization.value)
        for (name, value) in request.headers.sorted(by: { $0.key < $1.key }) {
            prepared.headers.add(name: name, value: value)
        }
        if request.headers["Accept"] == nil { prepared.headers.add(name: "Accept", value: "application/json") }
        if let body = request.body {
            prepared.method = .POST
            prepared.headers.add(name: "Content-Type", value: "application/json")
            prepared.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            return try await within(Self.requestTimeout) { [prepared] in
                let response = try await errand.client.execute(prepared, timeout: TimeAmount.seconds(10))
                let body = try await response.body.collect(upTo: Self.answerLimit)
                return ForgeAnswer(response, Array(body.readableBytesView), hiding: errand.token)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ForgeFailure.noAnswer(error, errand.context)
        }
    }

    /// The HTTP client's own timeout ends at the head of an answer.
    private func within<Result: Sendable>(
        _ duration: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: duration)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}

extension ForgeAnswer {
    init(_ response: HTTPClientResponse, _ body: [UInt8], hiding token: String) {
        var headers: [String: String] = [:]
        for (name, value) in response.headers { headers[name.lowercased()] = value }
        let type = headers["content-type"] ?? ""
        self.init(
            status: Int(response.status.code), headers: headers, body: body,
            words: type.contains("json") ? Self.words(body, hiding: token) : nil)
    }

    private struct Problem: Decodable {
        struct Detail: Decodable { var message: String? }
        struct Text: Decodable {
            var text: String?

            /// GitLab has text here or a table of fields, Bitbucket Cloud an object; what is neither is passed over.
            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                do { text = try value.decode(String.self) } catch {
                    text = try value.decode(Detail.self).message
                }
            }
        }
        var message: Text?
        var error: Text?
        var errors: [Detail]?
    }

    private static func words(_ body: [UInt8], hiding token: String) -> String? {
        let problem: Problem
        do {
            problem = try JSONDecoder().decode(Problem.self, from: Data(body))
        } catch {
            // Not in any form that is known, so there are no words to show; the status has to do.
            return nil
        }
        let text = problem.message?.text ?? problem.error?.text ?? problem.errors?.compactMap(\.message).first
        guard let text, !text.isEmpty else { return nil }
        let line = CommitStatus(commit: "", .error, text.replacing(token, with: "***"))
        return line.description(limit: 200)
    }
}
