import Git
import Reconciling
import Testing

@testable import Serving

/// Which addresses are those of one repository.
@Suite struct RepositoryAddressTests {
    @Test(arguments: [
        // Protocols, with and without `.git`, users and ports.
        ("https://git.example.com/shop/deployments.git", "https://git.example.com/shop/deployments", true),
        ("https://git.example.com/shop/deployments.git", "https://git.example.com/shop/deployments/", true),
        ("https://git.example.com/shop/deployments.git", "git@git.example.com:shop/deployments.git", true),
        ("https://git.example.com/shop/deployments.git", "ssh://git@git.example.com:2222/shop/deployments", true),
        ("https://ada@git.example.com/shop/deployments", "git://git.example.com/shop/deployments.git", true),
        ("http://git.example.com:3000/shop/deployments", "https://git.example.com/shop/deployments", true),
        // Hosts are the same in any case, and forges take names in any case.
        ("https://Git.Example.com/Shop/Deployments.git", "git@git.example.com:shop/deployments.git", true),
        // Percent signs stand for what they encode.
        ("https://git.example.com/shop/the%20deployments", "ssh://git@git.example.com/shop/the%20deployments", true),
        // GitHub's SSH over the port of HTTPS.
        ("ssh://git@ssh.github.com:443/shop/deployments.git", "https://github.com/shop/deployments", true),
        // Another host, owner, name, group; a name that only begins the same.
        ("https://git.example.com/shop/deployments", "https://git.example.org/shop/deployments", false),
        ("https://git.example.com/shop/deployments", "https://git.example.com/shoe/deployments", false),
        ("https://git.example.com/shop/deployments", "https://git.example.com/shop/deployment", false),
        ("https://git.example.com/shop/deployments", "https://git.example.com/shop/deployments.gitx", false),
        ("https://git.example.com/shop/deployments", "https://git.example.com/group/shop/deployments", false),
        ("https://git.example.com/shop/deployments", "https://git.example.com.evil.org/shop/deployments", false),
    ])
    func same(one: String, other: String, isSame: Bool) throws {
        let addresses = try [one, other].map { RepositoryAddress(try RemoteURL($0), ignoresCase: true) }
        #expect((addresses[0] == addresses[1]) == isSame)
    }

    @Test("A server that is no forge may have names that differ by case only")
    func exact() throws {
        let address = { RepositoryAddress(try RemoteURL($0), ignoresCase: false) }
        #expect(try address("https://git.example.com/shop/A.git") != address("https://git.example.com/shop/a.git"))
        #expect(try address("https://Git.example.com/shop/a.git") == address("https://git.example.com/shop/a"))
        #expect(try address("/srv/git/deployments.git") == address("file:///srv/git/deployments"))
    }

    @Test(
        "Bitbucket Data Center's project and name, in its HTTP, its SSH and a prefixed address",
        arguments: [
            ("https://bitbucket.example.com/scm/SHOP/deployments.git", true),
            ("ssh://git@bitbucket.example.com:7999/shop/deployments.git", true),
            ("https://example.com/bitbucket/scm/shop/deployments.git", true),
            ("https://bitbucket.example.com/scm/shop/other.git", false),
            ("https://bitbucket.example.com/scm/ashop/deployments.git", false),
        ])
    func project(url: String, isSame: Bool) throws {
        let address = RepositoryAddress(try RemoteURL(url), ignoresCase: true)
        #expect(address.isProject("SHOP", "deployments") == isSame)
    }
}
