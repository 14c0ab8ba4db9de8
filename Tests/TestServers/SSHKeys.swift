/// SSH keys made by `ssh-keygen`, and signatures made and checked by it, in a temporary folder.
public final class SSHKeys: Sendable {
    /// A kind of key that `ssh-keygen` makes.
    public enum Kind: String, Sendable, CaseIterable {
        case ed25519, ecdsa256, ecdsa384, ecdsa521, rsa2048, rsa3072

        fileprivate var arguments: [String] {
            switch self {
            case .ed25519: ["-t", "ed25519"]
            case .ecdsa256: ["-t", "ecdsa", "-b", "256"]
            case .ecdsa384: ["-t", "ecdsa", "-b", "384"]
            case .ecdsa521: ["-t", "ecdsa", "-b", "521"]
            case .rsa2048: ["-t", "rsa", "-b", "2048"]
            case .rsa3072: ["-t", "rsa", "-b", "3072"]
            }
        }
    }

    /// The two files of a key.
    public struct Key: Sendable {
        public let path: String
        /// The line of the `.pub` file.
        public let publicKey: String
    }

    public let folder: TemporaryFolder

    public init() throws {
        try Requirement.sshKeys.demand()
        folder = try TemporaryFolder()
    }

    public func make(_ kind: Kind, name: String = "key", passphrase: String = "") async throws -> Key {
        try await make(kind.arguments, name: name, passphrase: passphrase)
    }

    /// With other arguments of `ssh-keygen`.
    public func make(_ arguments: [String], name: String = "key", passphrase: String = "") async throws -> Key {
        let path = "\(folder.path)/\(name)"
        try await Program.run("ssh-keygen", ["-q", "-N", passphrase, "-C", "a comment", "-f", path] + arguments)
        let text = try await Program.run("cat", [path + ".pub"])
        return Key(path: path, publicKey: text.filter { !$0.isNewline })
    }

    /// `ssh-keygen -Y sign`.
    public func sign(
        _ message: [UInt8], with key: Key, namespace: String = "git", digest: String = "sha512"
    ) async throws -> [UInt8] {
        Array(
            try await Program.run(
                "ssh-keygen", ["-q", "-Y", "sign", "-f", key.path, "-n", namespace, "-O", "hashalg=\(digest)"],
                input: message
            ).utf8)
    }

    /// `ssh-keygen -Y verify`: whether the signature is good and by this person.
    public func verify(
        _ signature: [UInt8], over message: [UInt8], by principal: String, in signers: String,
        namespace: String = "git", time: String? = nil
    ) async throws -> Bool {
        let files = try write(signature, signers)
        return try await succeeds(
            ["-Y", "verify", "-f", files.signers, "-I", principal, "-n", namespace, "-s", files.signature]
                + (time.map { ["-Overify-time=\($0)"] } ?? []), message)
    }

    /// `ssh-keygen -Y check-novalidate`: whether the signature is good, whoever made it.
    public func check(_ signature: [UInt8], over message: [UInt8], namespace: String = "git") async throws -> Bool {
        let files = try write(signature, "")
        return try await succeeds(["-Y", "check-novalidate", "-n", namespace, "-s", files.signature], message)
    }

    /// `ssh-keygen -Y find-principals`: the names of the line that allows the key, with commas; nil where none
    /// does.
    public func principals(of signature: [UInt8], in signers: String, time: String? = nil) async throws -> String? {
        let files = try write(signature, signers)
        let arguments = ["-Y", "find-principals", "-f", files.signers, "-s", files.signature]
        do {
            return try await Program.run("ssh-keygen", arguments + (time.map { ["-Overify-time=\($0)"] } ?? []))
                .split(separator: "\n").joined(separator: ",")
        } catch is Program.Failure { return nil }
    }

    private func write(_ signature: [UInt8], _ signers: String) throws -> (signature: String, signers: String) {
        let name = "\(folder.path)/\(UInt64.random(in: .min ... .max))"
        try TemporaryFolder.write(name + ".sig", signature)
        try TemporaryFolder.write(name + ".signers", Array(signers.utf8))
        return (name + ".sig", name + ".signers")
    }

    private func succeeds(_ arguments: [String], _ input: [UInt8]) async throws -> Bool {
        do {
            try await Program.run("ssh-keygen", arguments, input: input)
            return true
        } catch is Program.Failure { return false }
    }
}
