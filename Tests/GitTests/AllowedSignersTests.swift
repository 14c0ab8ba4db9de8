import Documents
import TestServers
import Testing

@testable import Git

/// The list of allowed signers: by the rules of ssh-keygen(1), and as `ssh-keygen` itself decides.
@Suite(.enabled(if: Requirement.sshKeys.isToRun, "\(Requirement.sshKeys)"))
struct AllowedSignersTests {
    private let message = Array("a text to sign\n".utf8)

    /// What stands before the key, who asks, for what, and when; and whether it is allowed. KEY is the key.
    private static let rows: [(line: String, principal: String, namespace: String, time: String)] = [
        // Names, lists of them, wildcards, exclusions wherever they stand, case.
        ("dana@example.com KEY", "dana@example.com", "git", "20250101"),
        ("dana@example.com KEY", "eve@example.com", "git", "20250101"),
        ("dana@example.com KEY", "Dana@example.com", "git", "20250101"),
        ("eve,dana,kim KEY", "dana", "git", "20250101"),
        ("*@example.com KEY", "dana@example.com", "git", "20250101"),
        ("*@example.com KEY", "dana@example.org", "git", "20250101"),
        ("d?na KEY", "dana", "git", "20250101"), ("d?na KEY", "dna", "git", "20250101"),
        ("*@example.com,!eve@example.com KEY", "eve@example.com", "git", "20250101"),
        ("!eve@example.com,*@example.com KEY", "eve@example.com", "git", "20250101"),
        ("!eve@example.com,*@example.com KEY", "dana@example.com", "git", "20250101"),
        ("!eve@example.com KEY", "dana@example.com", "git", "20250101"),
        ("*a*a*b KEY", "aaaaab", "git", "20250101"), ("*a*a*b KEY", "aaaaaa", "git", "20250101"),
        // Quotes, blanks, tabs, comments behind the key.
        ("\"dana\" KEY", "dana", "git", "20250101"), ("  dana \t KEY a comment", "dana", "git", "20250101"),
        // Namespaces, as patterns too; the keyword in any case.
        ("dana namespaces=\"git\" KEY", "dana", "git", "20250101"),
        ("dana namespaces=\"git\" KEY", "dana", "file", "20250101"),
        ("dana namespaces=\"file,git\" KEY", "dana", "git", "20250101"),
        ("dana namespaces=\"g*,!git\" KEY", "dana", "git", "20250101"),
        ("dana NameSpaces=\"git\" KEY", "dana", "git", "20250101"),
        // Both bounds of the time belong to it.
        ("dana valid-after=\"20250101Z\" KEY", "dana", "git", "20250101000000Z"),
        ("dana valid-after=\"20250101Z\" KEY", "dana", "git", "20241231235959Z"),
        ("dana valid-before=\"20250101Z\" KEY", "dana", "git", "20250101000000Z"),
        ("dana valid-before=\"20250101Z\" KEY", "dana", "git", "20250101000001Z"),
        ("dana valid-before=\"202501011200Z\" KEY", "dana", "git", "20250101120000Z"),
        ("dana valid-before=\"202501011200Z\" KEY", "dana", "git", "20250101120001Z"),
        ("dana valid-after=\"20250101\" KEY", "dana", "git", "20250101000000"),
        ("dana valid-after=\"20250101\" KEY", "dana", "git", "20241231235959"),
        (
            "dana namespaces=\"git\",valid-after=\"20240101Z\",valid-before=\"20260101Z\" KEY", "dana", "git",
            "20250101120001Z"
        ),
        // The first line that allows it counts, not the first with the key.
        ("dana valid-before=\"20200101Z\" KEY\ndana KEY", "dana", "git", "20250101"),
        ("eve KEY\n# a comment\n\ndana KEY", "dana", "git", "20250101"),
    ]

    @Test func `each line allows what ssh-keygen allows`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let armored = ["git": try await keys.sign(message, with: key)]
            .merging(["file": try await keys.sign(message, with: key, namespace: "file")]) { $1 }
        var allowed = 0
        for row in Self.rows {
            let text = row.line.replacing("KEY", with: key.publicKey) + "\n"
            let bytes = try #require(armored[row.namespace])
            let time = try #require(SignerTime(row.time))
            let seconds = try #require(time.isUTC ? time.utc : time.local)
            let expected = try await keys.verify(
                bytes, over: message, by: row.principal, in: text, namespace: row.namespace, time: row.time)
            let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
            let found = refusal {
                let signer = try signers.verify(
                    try SSHSignature(armored: bytes), over: message, namespace: row.namespace, at: seconds,
                    as: row.principal)
                #expect(signer.principal == row.principal)
            }
            #expect((found == nil) == expected, "\(row): \(found ?? "allowed") here")
            allowed += expected ? 1 : 0
        }
        // Were the table all of one kind, it would prove little.
        #expect(allowed > 12 && allowed < Self.rows.count - 8)
    }

    @Test func `whoever is not named is found as ssh-keygen finds them`() async throws {
        let keys = try SSHKeys()
        let (a, b) = (try await keys.make(.ed25519, name: "a"), try await keys.make(.ecdsa256, name: "b"))
        let text = "eve,kim \(a.publicKey)\ndana,*@example.com \(b.publicKey)\n"
        let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
        for (key, name, list) in [(a, "eve", "eve,kim"), (b, "dana", "dana,*@example.com")] {
            let bytes = try await keys.sign(message, with: key)
            let signer = try signers.verify(
                try SSHSignature(armored: bytes), over: message, namespace: "git", at: 1_750_000_000)
            #expect(signer.principal == name)
            #expect(signers.entries[signer.line - 1].principals.description == list)
            #expect(try await keys.principals(of: bytes, in: text) == list)
        }
    }

    @Test(arguments: [
        ("dana KEY", "eve", "git", "signer-mismatch"), ("dana OTHER", "dana", "git", "signer-unknown"),
        ("dana namespaces=\"file\" KEY", "dana", "git", "signer-namespace"),
        ("dana valid-after=\"20400101Z\" KEY", "dana", "git", "signer-not-yet-valid"),
        ("dana valid-before=\"20200101Z\" KEY", "dana", "git", "signer-expired"),
    ])
    func `each refusal says why`(_ line: String, _ principal: String, _ namespace: String, _ expected: String)
        async throws
    {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let other = try await keys.make(.ed25519, name: "other")
        let text = line.replacing("KEY", with: key.publicKey).replacing("OTHER", with: other.publicKey)
        let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
        let signature = try SSHSignature(armored: try await keys.sign(message, with: key))
        #expect(
            refusal {
                _ = try signers.verify(signature, over: message, namespace: namespace, at: 1_750_000_000, as: principal)
            } == expected)
    }
}

/// Lists that can't be read: each problem with its line and column.
@Suite struct AllowedSignersSyntaxTests {
    private static let key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

    @Test(arguments: [
        // Where something is missing.
        ("dana", "signers-syntax", "1:5"), ("dana ssh-ed25519", "signers-syntax", "1:17"),
        ("# comment\n\n  dana  ", "signers-syntax", "3:9"), (",dana KEY", "signers-syntax", "1:1"),
        ("dana namespaces=\"git\"", "signers-syntax", "1:22"), ("  \"dana KEY", "signers-syntax", "1:3"),
        // Options that are none, and those that mean nothing or two things.
        ("dana frozen KEY", "signers-option", "1:6"), ("dana namespaces KEY", "signers-option", "1:6"),
        ("dana namespaces= KEY", "signers-option", "1:6"), ("dana namespaces=\"a,,b\" KEY", "signers-option", "1:6"),
        ("dana cert-authority=1 KEY", "signers-option", "1:6"),
        ("dana namespaces=\"git\",bad KEY", "signers-option", "1:23"),
        ("dana namespaces=\"a\",namespaces=\"b\" KEY", "signers-option", "1:21"),
        ("dana valid-after=\"20260101Z\",valid-before=\"20250101Z\" KEY", "signers-option", "1:6"),
        // Times that are none.
        ("dana valid-after=\"2025-01-01\" KEY", "signers-time", "1:6"),
        ("dana valid-after=\"20250229Z\" KEY", "signers-time", "1:6"),
        ("dana valid-before=\"202501012460Z\" KEY", "signers-time", "1:6"),
        // Keys that are none, in the second line, behind a character of two bytes.
        ("ok KEY\ndäna ssh-ed25519 AAAA", "signers-key", "2:18"), ("dana ssh-ed25519 %%%%", "signers-key", "1:18"),
        ("dana ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl", "signers-key", "1:14"),
        // Not text, and the wrong file.
        ("da\u{0}na KEY", "signers-syntax", "1:1"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n", "signers-private-key", "1:1"),
    ])
    func `a line that can't be read refuses the list`(_ text: String, _ code: String, _ place: String) throws {
        let error = #expect(throws: Refused.self) {
            try AllowedSigners.parse(Array(text.replacing("KEY", with: Self.key).utf8), file: "signers")
        }
        let first = try #require(error?.diagnostics.first)
        #expect(first.code == code)
        #expect(first.position?.description == place)
        // A key file that was named by mistake must not be shown.
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func `all problems are told in one run, and good lines stay silent`() throws {
        let text = "dana\nok \(Self.key)\neve frozen \(Self.key)\n"
        let error = #expect(throws: Refused.self) { try AllowedSigners.parse(Array(text.utf8), file: "signers") }
        #expect(error?.diagnostics.map { $0.position?.line } == [1, 3])
    }

    /// The same list may serve ssh-keygen, which knows more; such a line allows nobody here, and is told.
    @Test func `lines for other programs are passed over with a warning`() throws {
        let text = """
            dana \(Self.key)
            *@example.com cert-authority \(Self.key)
            kim ssh-dss AAAAB3NzaC1kc3MAAAABAA==
            """
        let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
        #expect(signers.entries.map(\.line) == [1, 2] && signers.entries.map(\.isAuthority) == [false, true])
        #expect(signers.warnings.map(\.code) == ["signers-key"])
        #expect(signers.warnings.allSatisfy { $0.severity == .warning })
    }

    @Test func `an empty list, CRLF and a missing last newline are fine`() throws {
        #expect(try AllowedSigners.parse([], file: "signers").entries.isEmpty)
        let text = "# who may sign\r\ndana \(Self.key)\r\nkim \(Self.key) kim's laptop"
        #expect(try AllowedSigners.parse(Array(text.utf8), file: "signers").entries.map(\.line) == [2, 3])
    }

    @Test func `names of one line are one person's`() throws {
        let text =
            "dana,dana@example.com,*@example.org \(Self.key)\nkim \(Self.key)\nkim,dana cert-authority \(Self.key)\n"
        let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
        #expect(signers.areOnePerson("dana", "dana@example.com"))
        #expect(!signers.areOnePerson("dana", "kim") && !signers.areOnePerson("dana", "x@example.org"))
    }
}
