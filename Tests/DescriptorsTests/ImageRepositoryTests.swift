import Descriptors
import Testing

@Suite struct ImageRepositoryTests {
    /// The rule of the container runtimes: a first part with a dot, a colon, an upper-case letter, or `localhost`, is a host.
    @Test(
        arguments: [
            ("backend", nil, "backend"), ("shop/backend", nil, "shop/backend"), ("shop/a.b/c", nil, "shop/a.b/c"),
            ("nexus.example.com/shop/backend", "nexus.example.com", "shop/backend"),
            ("nexus.example.com:32554/backend", "nexus.example.com:32554", "backend"),
            ("localhost/backend", "localhost", "backend"), ("Nexus/backend", "Nexus", "backend"),
            ("10.0.0.1:5000/a/b", "10.0.0.1:5000", "a/b"), ("[::1]:5000/a", "[::1]:5000", "a"),
            ("a__b/c--d/e.f", nil, "a__b/c--d/e.f"),
        ] as [(String, String?, String)])
    func hostAndPathAreTakenApart(text: String, host: String?, path: String) throws {
        let repository = try ImageRepository(text)
        #expect(repository.host == host)
        #expect(repository.path == path)
        #expect(repository.description == text)
    }

    @Test(arguments: [
        ("nexus.example.com:32554/shop", "nexus.example.com:32554", "shop"), ("nexus", "nexus", ""),
        ("nexus:5000", "nexus:5000", ""), ("nexus.example.com/a/b", "nexus.example.com", "a/b"),
    ])
    func aRegistryBeginsWithItsHost(text: String, host: String, path: String) throws {
        let registry = try ImageRepository(registry: text)
        #expect(registry.host == host)
        #expect(registry.path == path)
        #expect(registry.description == text)
    }

    @Test(arguments: [
        // Neither of the two may have a scheme, a user, a tag or a digest.
        "https://nexus.example.com", "http://nexus:80/a", "user@nexus.example.com/a", "nexus.example.com/a:1.0",
        "nexus.example.com/a@sha256:00",
        // Grammar of distribution/reference.
        "", "/", "a//b", "nexus.example.com/A", "nexus.example.com/a_", "nexus.example.com/-a",
        "nexus.example.com/a..b",
        "nexus.example.com/a___b", "nexus.example.com:0/a", "nexus.example.com:65536/a", "nexus.example.com:+80/a",
        "nexus..com/a", "-nexus.com/a", "[::1/a", "[]:80/a", "[::1]x/a", "a b/c", "nexus.example.com/ü", "a\n/b.c",
    ])
    func refusesWhatIsNoPlaceOfImages(text: String) {
        #expect(throws: ImageRepositoryError.self) { try ImageRepository(text) }
        #expect(throws: ImageRepositoryError.self) { try ImageRepository(registry: text) }
    }
}
