import Git

/// An approval with its signature, as it stands in the repository: the text, an empty line, the signature in its armor.
public struct SignedApproval: Sendable, Hashable {
    public let approval: Approval
    public let signature: SSHSignature

    /// Signs an approval.
    public static func sign(_ approval: Approval, by signer: Signer) async throws -> SignedApproval {
        let signature = try await signer.sign(approval.text, namespace: Approval.namespace)
        return SignedApproval(approval: approval, signature: try SSHSignature(armored: signature))
    }

    init(approval: Approval, signature: SSHSignature) {
        self.approval = approval
        self.signature = signature
    }

    public var bytes: [UInt8] { approval.text + [0x0a] + signature.armored }

    /// - Throws: `approval-malformed`, `approval-version`, and what ``SSHSignature/init(armored:)`` throws, by its code.
    public init(_ bytes: [UInt8]) throws(ApprovalProblem) {
        guard bytes.count <= 128 << 10 else { throw .malformed("is longer than 128 KiB") }
        guard let end = bytes.indices.dropLast().first(where: { bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a }) else {
            throw .malformed("has no signature behind it")
        }
        approval = try Approval(text: Array(bytes[...end]))
        do throws(GitError) { signature = try SSHSignature(armored: Array(bytes[(end + 2)...])) } catch {
            throw ApprovalProblem(error.code, error.message)
        }
    }
}

/// Where an approval stands in the repository: `refs/descry/approvals/ENVIRONMENT/COMMIT/SIGNER`.
public struct ApprovalRef: Sendable, Hashable, CustomStringConvertible {
    public let environment: String
    public let commit: CommitID
    public let signer: String

    public static let prefix = "refs/descry/approvals/"

    public init(_ approval: Approval) {
        environment = approval.environment
        commit = approval.commit
        signer = approval.signer
    }

    /// The ref's name. Of the signer's name, what git doesn't allow in a ref, or two names could share, is written as
    /// `%` and two hexadecimal digits of each byte.
    public var description: String { "\(Self.prefix)\(environment)/\(commit)/\(Self.encoded(signer))" }

    /// - Returns: nil for another ref, and for one that Descry would write otherwise.
    public init?(_ name: String) {
        guard name.hasPrefix(Self.prefix) else { return nil }
        let parts = name.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, EnvironmentName.problem(with: String(parts[0])) == nil,
            let commit = try? CommitID(parts[1]), let signer = Self.decoded(parts[2])
        else { return nil }
        environment = String(parts[0])
        self.commit = commit
        self.signer = signer
        guard description == name else { return nil }
    }

    /// Source: git-check-ref-format(1). Dots stay where neither `..` nor a first or last dot nor `.lock` can come of it.
    private static func encoded(_ signer: String) -> String {
        let bytes = Array(signer.utf8)
        return bytes.indices.map { index in
            let byte = bytes[index]
            let isPlain =
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "@_+-".utf8.contains(byte)
            let isSafeDot =
                byte == UInt8(ascii: ".") && index > 0 && index + 1 < bytes.count && bytes[index + 1] != byte
                && !bytes[index...].elementsEqual(".lock".utf8)
            if isPlain || isSafeDot { return String(Unicode.Scalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }
}
