import TestServers
import Testing

@testable import Git

/// URLs by git's own rules, and what of them may be shown.
@Suite struct RemoteURLTests {
    @Test func `forms of git-clone(1) are read`() throws {
        let rows: [(String, RemoteURL.Scheme, host: String, port: Int?, path: String, shown: String)] = [
            (
                "https://git.example.com/a/b.git", .https, "git.example.com", nil, "/a/b.git",
                "https://git.example.com/a/b.git"
            ),
            (
                "HTTPS://Git.Example.com:8443/a/", .https, "git.example.com", 8443, "/a",
                "https://git.example.com:8443/a"
            ),
            ("http://[::1]:80/a", .http, "::1", 80, "/a", "http://[::1]:80/a"),
            ("ssh://git@h:22/a b", .ssh, "h", 22, "/a b", "ssh://git@h:22/a b"),
            ("ssh://h/~dana/a", .ssh, "h", nil, "~dana/a", "ssh://h/~dana/a"),
            ("git+ssh://h/a%20b", .ssh, "h", nil, "/a b", "ssh://h/a b"),
            ("git@h:a/b.git", .ssh, "h", nil, "a/b.git", "ssh://git@h/a/b.git"),
            ("h:/a", .ssh, "h", nil, "/a", "ssh://h/a"),
            ("git@[::1]:a", .ssh, "::1", nil, "a", "ssh://git@[::1]/a"),
            ("git://h/a", .git, "h", nil, "/a", "git://h/a"), ("/srv/a", .local, "", nil, "/srv/a", "/srv/a"),
            ("file:///srv/a%20b", .local, "", nil, "/srv/a b", "/srv/a b"),
            ("./a:b", .local, "", nil, "./a:b", "./a:b"),
            ("a/b", .local, "", nil, "a/b", "a/b"),
        ]
        for row in rows {
            let url = try RemoteURL(row.0)
            #expect(url.scheme == row.1, "\(row.0)")
            #expect(url.host == row.host && url.port == row.port && url.path == row.path, "\(row.0)")
            #expect(url.description == row.shown)
        }
    }

    /// Users of HTTP URLs are hidden, too: tokens are often put in their place.
    @Test func `credentials aren't shown`() throws {
        for text in [
            "https://user:\(PlantedSecret.marker)@h/a", "https://\(PlantedSecret.marker)@h/a",
            "https://x:\(PlantedSecret.marker)@h:1/a", "http://\(PlantedSecret.marker):@h/a",
        ] {
            #expect(try !RemoteURL(text).description.contains(PlantedSecret.marker))
        }
    }

    @Test func `what isn't a URL is refused without repeating it`() {
        let rows = [
            "", "ftp://h/a", "https://", "https:///a", "https://h", "https://h/", "https://h:0/a", "https://h:99999/a",
            "https://h:x/a", "https://h/a?b", "https://h/a#b", "https://[::1/a", "ssh://u:\(PlantedSecret.marker)@h/a",
            "u:\(PlantedSecret.marker)@h:a",
            "file://host/a", "file://a", "h:", ":a", "https://h/a\nb", "git://h/%0a", "ssh://h/%zz", "https://a b/c",
            "ssh://h;id/a", "$(id):a", "ssh://u'x@h/a",
        ]
        for text in rows {
            do throws(GitError) {
                let url = try RemoteURL(text)
                Issue.record("\(text) was read as \(url)")
            } catch {
                #expect(error.category == .refused)
                #expect(!error.description.contains(PlantedSecret.marker))
            }
        }
    }

    /// CVE-2017-1000117 and its relatives.
    @Test(arguments: [
        "ssh://-oProxyCommand=id/a", "-oProxyCommand=id:a", "ssh://-oProxyCommand=id@h/a", "-u@h:a", "h:-a", "-a",
        "--upload-pack=id",
        "ssh://%2doProxyCommand@h/a",
    ])
    func `nothing begins with a dash`(_ text: String) {
        do throws(GitError) {
            _ = try RemoteURL(text)
            Issue.record("\(text) was taken")
        } catch { #expect(error.code == "url-option") }
    }

    @Test func `branch names follow git-check-ref-format(1)`() throws {
        for name in ["DEV", "env/dev", "a.b", "ümlaut", "a@b", "x-1"] {
            #expect(try BranchName(name).description == name)
        }
        let bad = [
            "", "-x", "a..b", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "/a", "a/", "a//b", ".a", "a/.b",
            "a.",
            "a.lock", "a.lock/b", "@", "HEAD", "a@{b", "a\tb", "a\u{7f}b", String(repeating: "a", count: 201),
        ]
        for name in bad { #expect(throws: GitError.self, "\(name)") { try BranchName(name) } }
    }

    @Test func `object names are forty lowercase digits`() throws {
        #expect(try CommitID(String(repeating: "a1", count: 20)).short == "a1a1a1a1a1a1")
        for text in [
            "", "a1", String(repeating: "A", count: 40), String(repeating: "g", count: 40),
            String(repeating: "1", count: 64),
        ] {
            #expect(throws: GitError.self) { try CommitID(text) }
        }
    }
}
