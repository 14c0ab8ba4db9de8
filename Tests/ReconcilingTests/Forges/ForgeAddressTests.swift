import Documents
import Git
import Testing

@testable import Reconciling

/// Which project of which API a repository's address means.
@Suite struct ForgeAddressTests {
    @Test(
        arguments: [
            // The public forges have their APIs elsewhere.
            (.github, nil, "https://github.com/shop/deployments.git", "shop/deployments at https://api.github.com"),
            (.github, nil, "git@github.com:shop/deployments.git", "shop/deployments at https://api.github.com"),
            (.github, nil, "ssh://git@ssh.github.com:443/shop/d.git", "shop/d at https://api.github.com"),
            (.gitlab, nil, "https://gitlab.com/a/b/c/d", "a/b/c/d at https://gitlab.com/api/v4"),
            (.bitbucket, nil, "https://bitbucket.org/shop/d.git", "shop/d at https://api.bitbucket.org/2.0"),
            // All others below their own host; the port of an https address is the API's, that of ssh is not.
            (.github, nil, "https://ghe.example.com:8443/shop/d.git", "shop/d at https://ghe.example.com:8443/api/v3"),
            (.gitlab, nil, "ssh://git@git.example.com:2222/a/b.git", "a/b at https://git.example.com/api/v4"),
            (.gitea, nil, "git@git.example.com:shop/d", "shop/d at https://git.example.com/api/v1"),
            (.bitbucket, nil, "https://git.example.com/scm/SHOP/d.git", "SHOP/d at https://git.example.com"),
            (.bitbucket, nil, "ssh://git@git.example.com:7999/~ada/d.git", "~ada/d at https://git.example.com"),
            // A repository read in clear text gets no token in clear text, but on this machine.
            (.gitea, nil, "http://git.example.com:3000/shop/d", "shop/d at https://git.example.com/api/v1"),
            (.gitea, nil, "http://127.0.0.1:3000/shop/d", "shop/d at http://127.0.0.1:3000/api/v1"),
            (.gitea, nil, "http://[::1]:3000/shop/d", "shop/d at http://[::1]:3000/api/v1"),
            // What is given goes over that, and tells where a forge below a path begins.
            (
                .gitlab, "https://e.com/gitlab/api/v4", "https://e.com/gitlab/a/b.git",
                "a/b at https://e.com/gitlab/api/v4"
            ),
            (.gitlab, "https://e.com/gitlab/api/v4", "git@e.com:a/b.git", "a/b at https://e.com/gitlab/api/v4"),
            (.bitbucket, "https://e.com/bb", "https://e.com/bb/scm/A/b.git", "A/b at https://e.com/bb"),
            (.bitbucket, "https://e.com/2.0", "https://bitbucket.org/a/b", "a/b at https://e.com/2.0"),
            (.gitea, "https://e.com/api/v1", "https://e.com/sh%6Fp/d.git", "shop/d at https://e.com/api/v1"),
        ] as [(ForgeProvider, String?, String, String)])
    func projects(_ provider: ForgeProvider, api: String?, repository: String, expected: String) throws {
        #expect(try Forge(provider, api: api, repository: RemoteURL(repository)).description == expected)
    }

    @Test(
        arguments: [
            // No forge at all.
            (.generic, "https://git.example.com/shop/d", "conflicting-settings"),
            (.gitea, "/srv/git/d.git", "unknown-forge"), (.gitea, "file:///srv/git/d.git", "unknown-forge"),
            // Not a path of the forge's form.
            (.github, "https://github.com/deployments.git", "unknown-forge-project"),
            (.gitea, "https://git.example.com/a/b/c.git", "unknown-forge-project"),
            (.gitlab, "https://gitlab.com/deployments", "unknown-forge-project"),
            (.github, "https://github.com/../x", "unknown-forge-project"),
            (.github, "https://github.com//x", "unknown-forge-project"),
        ] as [(ForgeProvider, String, String)])
    func whatIsNone(_ provider: ForgeProvider, repository: String, code: String) throws {
        let error = #expect(throws: SettingProblem.self) {
            try Forge(provider, api: nil, repository: RemoteURL(repository))
        }
        #expect(error?.code == code)
    }

    /// The problem is told where the setting stands, with the other problems of the file.
    @Test func aProjectThatCannotBeToldIsRefused() throws {
        let text =
            EnvironmentMergeTests.file.replacing("example.com/shop.git", with: "example.com/shop.git")
            + "\nforge: {provider: gitea, tokenFile: token}\n"
        let settings = try EnvironmentSettings.parse(Array(text.utf8), file: "DEV.yaml")
        let error = try #require(throws: Refused.self) { try settings.resolve(name: "DEV") }
        #expect(error.diagnostics.map(\.code) == ["unknown-forge-project"])
        #expect(error.diagnostics[0].position?.line == 5)
    }

    @Test(arguments: [
        ("forge: {provider: gitea}", ["incomplete-settings"]),
        ("forge: {tokenFile: t}", ["incomplete-settings"]),
        ("forge: {webhookSecretFile: s}", ["incomplete-settings"]),
        ("forge: {provider: gitea, webhookSecretFile: s, url: \"https://e.com\"}", ["incomplete-settings"]),
        ("forge: {provider: gitea, webhookSecretFile: s, targetURL: \"https://e.com\"}", ["incomplete-settings"]),
        ("forge: {provider: generic, tokenFile: t}", ["conflicting-settings"]),
        ("forge: {provider: generic, webhookSecretFile: s}", []), ("forge: {}", []),
    ])
    func halvesAreRefused(line: String, codes: [String]) throws {
        let text = EnvironmentMergeTests.file + "\n" + line + "\n"
        let settings = try EnvironmentSettings.parse(Array(text.utf8), file: "DEV.yaml")
        var found: [String] = []
        do throws(Refused) {
            _ = try settings.resolve(name: "DEV")
        } catch {
            found = error.diagnostics.map(\.code)
        }
        #expect(found == codes)
    }

    @Test func theSettingsAreThere() throws {
        let text =
            EnvironmentMergeTests.file.replacing("com/shop.git", with: "com/a/shop.git")
            + "\ngit: {certificateAuthority: ca.pem}\nforge: {provider: forgejo, webhookSecretFile: s, tokenFile: /t}\n"
        let environment = try EnvironmentSettings.parse(Array(text.utf8), file: "/etc/e/DEV.yaml").resolve(name: "DEV")
        let forge = try #require(environment.forge)
        #expect(forge.provider == .gitea)
        #expect(forge.webhookSecret?.path == "/etc/e/s")
        #expect(forge.statuses?.token.path == "/t")
        #expect(forge.statuses?.certificateAuthority == "/etc/e/ca.pem")
        let only = try EnvironmentSettings.parse(
            Array((EnvironmentMergeTests.file + "\nforge: {provider: github, webhookSecretFile: s}\n").utf8),
            file: "DEV.yaml"
        ).resolve(name: "DEV")
        #expect(only.forge?.statuses == nil && only.forge?.webhookSecret != nil)
    }
}
