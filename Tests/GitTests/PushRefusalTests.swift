import Testing

@testable import Git

/// Whose turn it is after a rejection: ours again, since somebody was faster, or a person's.
@Suite struct PushRefusalTests {
    /// Words of git, JGit (Gerrit, Bitbucket), GitHub and GitLab.
    private static let rows: [(String, [String], PushRefusal)] = [
        ("failed to update ref", ["error: cannot lock ref 'refs/heads/DEV': is at 1 but expected 2"], .raced),
        (
            "failed to update ref",
            ["error: cannot lock ref 'refs/heads/DEV': Unable to create 'DEV.lock': File exists."], .raced
        ),
        ("atomic transaction failed", ["error: cannot lock ref 'refs/heads/DEV': is at 1 but expected 2"], .raced),
        ("cannot lock ref 'refs/heads/DEV': is at 1 but expected 2", [], .raced),
        ("incorrect old value provided", [], .raced), ("fetch first", [], .raced), ("stale info", [], .raced),
        ("non-fast-forward", [], .raced), ("failed to lock", [], .raced), ("Lock failure", [], .raced),
        ("pre-receive hook declined", ["DEV is protected"], .refused), ("hook declined", [], .refused),
        // A hook's own words decide nothing, whatever they speak of.
        ("pre-receive hook declined", ["somebody changed it, but expected another: cannot lock ref"], .refused),
        ("protected branch hook declined", ["error: GH006: Protected branch update failed"], .refused),
        ("prohibited by Gerrit: not permitted: update", [], .refused),
        ("You are not allowed to push code to protected branches on this project.", [], .refused),
        // A full disk is no rival, and what is left open the branch itself tells.
        (
            "failed to update ref",
            ["error: cannot lock ref 'refs/heads/DEV': Unable to create 'DEV.lock': Permission denied"], .unclear
        ),
        ("failed to update ref", [], .unclear), ("unpacker error: disk full", [], .unclear),
        ("missing necessary objects", [], .unclear), ("internal server error", [], .unclear),
    ]

    @Test(arguments: rows)
    func `words tell a race from a rule`(_ reason: String, _ messages: [String], _ expected: PushRefusal) {
        #expect(PushRefusal(reason: reason, messages: messages) == expected)
    }
}
