import Documents
import Git
import Reconciling

/// What one environment listens to: pushes to a branch of a repository, told by a forge that knows the secret.
public struct WebhookEndpoint: Sendable, Hashable {
    public let environment: String
    public let provider: ForgeProvider
    public let secret: SecretFile
    public let repository: RemoteURL
    public let branch: BranchName

    public init(
        environment: String, provider: ForgeProvider, secret: SecretFile, repository: RemoteURL, branch: BranchName
    ) {
        self.environment = environment
        self.provider = provider
        self.secret = secret
        self.repository = repository
        self.branch = branch
    }
}

/// A file that holds one secret. It is read anew each time, so that a secret that is rotated counts at once.
public struct SecretFile: Sendable, Hashable {
    /// Why the secret cannot be used. Never tells what is in the file.
    public struct Unreadable: Error, Sendable, Hashable, CustomStringConvertible {
        public let description: String
    }

    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// The bytes, less one line end at the end, as editors and `echo` leave one.
    public func read() throws(Unreadable) -> [UInt8] {
        var bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path, limit: 4096)
        } catch {
            throw Unreadable(description: "The secret \(path) cannot be read: \(error)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw Unreadable(description: "The secret \(path) is empty") }
        return bytes
    }
}
