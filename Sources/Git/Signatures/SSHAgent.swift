import NIOCore
import NIOPosix

/// The user's `ssh-agent`, which signs with keys that it does not give away.
///
/// Source: draft-ietf-sshm-ssh-agent (OpenSSH's PROTOCOL.agent).
struct SSHAgent: Sendable {
    /// The path of its socket, as in `SSH_AUTH_SOCK`.
    let socket: String
    /// For one question: an agent may ask its user first, or wait for a security key to be touched.
    let patience: Duration

    init(socket: String, patience: Duration = .seconds(60)) {
        self.socket = socket
        self.patience = patience
    }

    private enum Message {
        static let failure: UInt8 = 5
        static let requestIdentities: UInt8 = 11
        static let identities: UInt8 = 12
        static let signRequest: UInt8 = 13
        static let signResponse: UInt8 = 14
        /// RSA with SHA-512 in place of SHA-1.
        static let rsaSHA512: UInt32 = 4
        /// The longest answer taken, as in OpenSSH.
        static let maximumSize = 256 << 10
    }

    /// The keys that it can sign with, as far as Descry knows their types.
    ///
    /// - Throws: `agent-unreachable`, `agent-timeout` (unreachable), `agent-protocol`.
    func identities() async throws(GitError) -> [SSHPublicKey] {
        let answer = try await ask([Message.requestIdentities])
        guard answer.first == Message.identities else { throw refusal("gave no list of its keys") }
        var keys: [SSHPublicKey] = []
        do throws(SSHReader.Malformed) {
            var reader = SSHReader(answer.dropFirst())
            for _ in 0..<(try reader.uint32()) {
                let blob = try reader.string()
                _ = try reader.string()
                // Another type of key than Descry knows is of no use here, and no error.
                if let key = try? SSHPublicKey(blob: blob) { keys.append(key) }
            }
        } catch { throw malformed(error) }
        return keys
    }

    /// An algorithm's name and its numbers, for an ``SSHSignature``.
    ///
    /// - Throws: also `agent-refused` (denied) where it doesn't have the key, or its user said no.
    func sign(_ message: [UInt8], with key: SSHPublicKey) async throws(GitError) -> [UInt8] {
        var writer = SSHWriter()
        writer.raw([Message.signRequest])
        writer.string(key.blob)
        writer.string(message)
        writer.uint32(key.rsaBits == nil ? 0 : Message.rsaSHA512)
        let answer = try await ask(writer.bytes)
        guard answer.first == Message.signResponse else {
            throw refusal("didn't sign with the key \(key.fingerprint)")
        }
        do throws(SSHReader.Malformed) {
            var reader = SSHReader(answer.dropFirst())
            let signature = try reader.string()
            try reader.end()
            return Array(signature)
        } catch { throw malformed(error) }
    }

    private func refusal(_ what: String) -> GitError {
        .denied(
            "agent-refused", "The ssh-agent at \(printable(socket)) \(what)",
            hint: "`ssh-add -l` lists its keys; `ssh-add FILE` gives it one")
    }

    private func malformed(_ error: SSHReader.Malformed) -> GitError {
        .internal("agent-protocol", "The ssh-agent's answer can't be read: it \(error.reason)")
    }

    /// One question and its answer, each with its length before it, on a connection of their own.
    private func ask(_ question: [UInt8]) async throws(GitError) -> [UInt8] {
        let outcome: Result<[UInt8], GitError> = await withTaskGroup(of: Result<[UInt8], GitError>?.self) { group in
            group.addTask {
                do throws(GitError) { return .success(try await exchange(question)) } catch { return .failure(error) }
            }
            group.addTask {
                do { try await ContinuousClock().sleep(for: patience) } catch { return nil }
                return .failure(
                    .unreachable("agent-timeout", "The ssh-agent at \(printable(socket)) gave no answer"))
            }
            defer { group.cancelAll() }
            for await outcome in group {
                if let outcome { return outcome }
            }
            return .failure(.cancelled)
        }
        if Task.isCancelled { throw .cancelled }
        return try outcome.get()
    }

    private func exchange(_ question: [UInt8]) async throws(GitError) -> [UInt8] {
        var writer = SSHWriter()
        writer.string(question)
        let bytes = writer.bytes
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: socket) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
                    }
                }
            return try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(bytes: bytes))
                var answer = ByteBuffer()
                for try await var piece in inbound {
                    answer.writeBuffer(&piece)
                    guard let length = answer.getInteger(at: answer.readerIndex, as: UInt32.self) else { continue }
                    guard length <= Message.maximumSize else { break }
                    if let body = answer.getBytes(at: answer.readerIndex + 4, length: Int(length)) { return body }
                }
                throw GitError.internal("agent-protocol", "The ssh-agent broke off, or its answer is too long")
            }
        } catch let error as GitError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable(
                "agent-unreachable",
                "The ssh-agent at \(printable(socket)) can't be reached: \(printable(String(describing: error)))",
                hint: "Start one and give it the key: eval $(ssh-agent); ssh-add FILE")
        }
    }
}
