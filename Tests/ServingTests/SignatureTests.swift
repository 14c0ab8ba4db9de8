import FoundationEssentials
import HTTPTypes
import Reconciling
import Testing

@testable import Serving

/// What each forge documents as its signature, by published examples and by what must not pass for one.
@Suite struct SignatureTests {
    private static let secret = "It's a Secret to Everybody"

    private func proof(
        _ provider: ForgeProvider, _ headers: [(String, String)], _ body: String, secret: String = Self.secret
    ) throws -> Verification.Proof? {
        var fields = HTTPFields()
        for (name, value) in headers {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let delivery = WebhookDelivery(provider: provider, headers: fields, body: Array(body.utf8))
        return Verification(delivery)?.proof(secret: Array(secret.utf8))
    }

    @Test("The example in GitHub's documentation")
    func github() throws {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        #expect(try proof(.github, [("X-Hub-Signature-256", signature)], "Hello, World!") != nil)
        #expect(try proof(.github, [("X-Hub-Signature-256", signature)], "Hello, World") == nil)
    }

    @Test("The example in Bitbucket's documentation")
    func bitbucket() throws {
        let signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
        #expect(try proof(.bitbucket, [("X-Hub-Signature", signature)], "Hello World!") != nil)
        // Of GitHub, that header holds a SHA-1, which proves nothing any more.
        #expect(try proof(.github, [("X-Hub-Signature", signature)], "Hello World!") == nil)
    }

    @Test("The example in the specification of Standard Webhooks, which GitLab's signing tokens follow")
    func standardWebhooks() throws {
        let headers = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ]
        let body = #"{"test": 2432232314}"#
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        #expect(try proof(.gitlab, headers, body, secret: secret)?.signedAt == 1_614_265_330)
        #expect(try proof(.gitlab, headers, body + " ", secret: secret) == nil)
        // A signing token is never shown in a header, so one there proves nothing.
        #expect(try proof(.gitlab, [("X-Gitlab-Token", secret)], body, secret: secret) == nil)
        // While a token is rotated there are two signatures, and other versions may follow.
        var several = headers
        several[2].1 = "v1a,AAAA v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        #expect(try proof(.gitlab, several, body, secret: secret) != nil)
    }

    @Test("RFC 4231, test cases 1 to 4 and 6, whose keys are shorter and longer than a block")
    func hmac() throws {
        let cases: [(key: [UInt8], data: [UInt8], code: String)] = [
            (
                Array(repeating: 0x0b, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                Array(repeating: 0xaa, count: 20), Array(repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(1...25), Array(repeating: 0xcd, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                Array(repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for (key, data, text) in cases {
            let code = try #require(Signature.code(hex: text))
            #expect(Signature.isValid(code, of: data, key: key))
            #expect(!Signature.isValid(Array(code.dropLast()), of: data, key: key))
        }
    }

    @Test(
        "What is no signature, or not one that counts",
        arguments: [
            // Missing, empty, without its prefix, another algorithm.
            [],
            [("X-Hub-Signature-256", "")],
            [("X-Hub-Signature-256", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
            [("X-Hub-Signature-256", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
            // Truncated by one digit, by all, made longer, of other letters.
            [("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1")],
            [("X-Hub-Signature-256", "sha256=")],
            [("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1700")],
            [("X-Hub-Signature-256", "sha256=z57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
            // One digit is wrong: the first, the last.
            [("X-Hub-Signature-256", "sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
            [("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18")],
            // The right one beside another: who says two things says nothing.
            [
                ("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
                ("X-Hub-Signature-256", "sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
            ],
            // Another forge's header.
            [("X-Gitea-Signature", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
        ] as [[(String, String)]])
    func refused(headers: [(String, String)]) throws {
        #expect(try proof(.github, headers, "Hello, World!") == nil)
    }

    @Test("Gitea's header has no prefix; Forgejo's goes before it, and a wrong one is not made good by another")
    func gitea() throws {
        let right = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let wrong = "857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let body = "Hello, World!"
        #expect(try proof(.gitea, [("X-Gitea-Signature", right)], body) != nil)
        #expect(try proof(.gitea, [("X-Gitea-Signature", right.uppercased())], body) != nil)
        #expect(try proof(.gitea, [("X-Forgejo-Signature", right)], body) != nil)
        #expect(try proof(.gitea, [("X-Hub-Signature-256", "sha256=" + right)], body) != nil)
        #expect(try proof(.gitea, [("X-Gitea-Signature", "sha256=" + right)], body) == nil)
        #expect(try proof(.gitea, [("X-Forgejo-Signature", wrong), ("X-Gitea-Signature", right)], body) == nil)
        #expect(
            try proof(.gitea, [("X-Gitea-Signature", ""), ("X-Hub-Signature-256", "sha256=" + right)], body) == nil)
    }

    @Test(
        "GitLab's token is the secret itself, to the last letter",
        arguments: [
            ("It's a Secret to Everybody", true), ("It's a Secret to Everybod", false), ("", false),
            ("It's a Secret to Everybody!", false), ("it's a secret to everybody", false),
        ])
    func gitlab(token: String, isRight: Bool) throws {
        #expect((try proof(.gitlab, [("X-Gitlab-Token", token)], "{}") != nil) == isRight)
    }

    @Test(
        "The generic signature covers the time, which has to be there, in digits",
        arguments: [
            ("1763722497", "1763722497", true), ("1763722497", "1763722498", false), ("1763722497", "", false),
            ("-5", "-5", false), ("1e9", "1e9", false), ("9999999999999", "9999999999999", false),
        ])
    func generic(signed: String, sent: String, isRight: Bool) throws {
        let body = #"{"repository": "https://git.example.com/a/b", "ref": "refs/heads/DEV"}"#
        let signature = "sha256=" + Signing.hex(Array("\(signed).\(body)".utf8), Self.secret)
        let headers = [("X-Descry-Timestamp", sent), ("X-Descry-Signature-256", signature)]
        #expect((try proof(.generic, headers, body) != nil) == isRight)
        // Without the time, the signature of the body alone proves nothing.
        let bare = [("X-Descry-Signature-256", "sha256=" + Signing.hex(Array(body.utf8), Self.secret))]
        #expect(try proof(.generic, bare, body) == nil)
    }
}
