import Testing
import Workloads

/// Image references are compared field by field with what the API server holds, so each part has to be found, and the
/// whole has to come back unchanged.
@Suite struct ContainerImageTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let repository: String
        var tag: String?
        var digest: String?
        var testDescription: String { text }
    }

    static let rows = [
        // Usual references.
        Row(text: "nginx", repository: "nginx"),
        Row(text: "nginx:1.25", repository: "nginx", tag: "1.25"),
        Row(text: "library/nginx:1.25", repository: "library/nginx", tag: "1.25"),
        // A port is no tag.
        Row(text: "nexus.example.com:32554/shop/web", repository: "nexus.example.com:32554/shop/web"),
        Row(text: "nexus.example.com:32554/shop/web:1.0", repository: "nexus.example.com:32554/shop/web", tag: "1.0"),
        // Digests, with and without a tag.
        Row(text: "web@sha256:ab", repository: "web", digest: "sha256:ab"),
        Row(text: "host:5000/web:1.0@sha256:ab", repository: "host:5000/web", tag: "1.0", digest: "sha256:ab"),
        // What a workload may hold all the same.
        Row(text: "", repository: ""),
        Row(text: "web:", repository: "web", tag: ""),
    ]

    @Test(arguments: rows)
    func parts(_ row: Row) {
        let image = ContainerImage(row.text)
        #expect(image == ContainerImage(repository: row.repository, tag: row.tag, digest: row.digest))
        #expect(image.description == row.text)
    }
}
