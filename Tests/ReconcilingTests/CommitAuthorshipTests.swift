import Git
import Testing

@testable import Reconciling

/// Who a change is by, and what its commit says.
@Suite struct CommitAuthorshipTests {
    /// - Returns: author and committer.
    private static func people(
        author: String? = nil, committer: String? = nil, _ variables: [String: String] = [:],
        git: (String, String?)? = nil
    ) throws -> [String] {
        let authorship = try CommitAuthorship(
            author: author, committer: committer, variables: variables.merging(["HOSTNAME": "h"]) { mine, _ in mine },
            configured: { git })
        return [authorship.author.description, authorship.committer.description]
    }

    private static let ann = "Ann <ann@example.com>"
    private static let eve = "Eve <eve@example.com>"
    private static let variables = [
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@x",
    ]
    private static let jenkins = ["BUILD_USER": "Dana", "BUILD_USER_EMAIL": "dana@x", "USER": "jenkins"]

    @Test func `flags go over git's variables, those over the build's, and those over git's configuration`() throws {
        let git: (String, String?) = ("G", "g@x")
        #expect(
            try Self.people(author: Self.ann, committer: Self.eve, Self.variables, git: git) == [Self.ann, Self.eve])
        #expect(try Self.people(author: Self.ann, Self.variables, git: git) == [Self.ann, "C <c@x>"])
        #expect(try Self.people(Self.variables.merging(Self.jenkins) { $1 }, git: git) == ["A <a@x>", "C <c@x>"])
        #expect(try Self.people(Self.jenkins, git: git) == ["Dana <dana@x>", "G <g@x>"])
        #expect(try Self.people(Self.jenkins) == ["Dana <dana@x>", "Dana <dana@x>"])
        #expect(try Self.people(["USER": "u"], git: git) == ["G <g@x>", "G <g@x>"])
        // Who is named by a flag alone is both.
        #expect(try Self.people(author: Self.ann, git: git) == [Self.ann, Self.ann])
    }

    @Test func `every CI server's variables, and none`() throws {
        let rows: [([String: String], String)] = [
            (["CHANGE_AUTHOR": "c", "CHANGE_AUTHOR_DISPLAY_NAME": "Carl", "CHANGE_AUTHOR_EMAIL": "c@x"], "Carl <c@x>"),
            (["GITLAB_USER_NAME": "Gil", "GITLAB_USER_EMAIL": "g@x"], "Gil <g@x>"),
            (["GITHUB_ACTOR": "hub", "USER": "runner"], "hub <runner@h>"),
            (["BUILD_USER": "", "USER": "u"], "u <u@h>"), (["EMAIL": "e@x", "LOGNAME": "l"], "l <e@x>"),
            ([:], "descry <descry@h>"),
        ]
        for (variables, expected) in rows { #expect(try Self.people(variables) == [expected, expected]) }
    }

    @Test func `what can't stand in a commit is refused`() throws {
        for text in ["Ann", "<ann@example.com>", ""] {
            #expect(throws: GitError.self) { try Self.people(author: text) }
            #expect(throws: GitError.self) { try Self.people(committer: text) }
        }
    }
}
