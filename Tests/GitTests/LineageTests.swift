import Git
import TestServers
import Testing

/// Which of two commits of an app's source descends from the other, from the commits alone.
@Suite(.timeLimit(.minutes(15))) struct LineageTests {
    /// `main` with three commits, and `develop`, which leaves it at the second.
    private struct Source {
        let fixture: GitFixture
        var main: [String] = []
        let develop: String

        init() async throws {
            fixture = try await GitFixture(head: "main")
            for number in 1...3 {
                main.append(
                    try await fixture.commit(
                        to: "main", ["src/app.c": .text("\(number)\n")], time: 1_750_000_000 + number * 60))
            }
            develop = try await fixture.commit(
                to: "develop", ["src/app.c": "another\n"], parent: .commit(main[1]), time: 1_750_000_300)
        }

        func ask(_ reader: Reader, at url: String) async throws {
            try await reader.open(url) { repository in
                try await repository.fetchLineage()
                let rows: [(String, String, GitRepository.Relation)] = [
                    (main[0], main[2], .descends), (main[2], main[0], .precedes), (main[1], main[1], .descends),
                    (main[0], develop, .descends), (main[2], develop, .diverged),
                    // As versions have them: cut to seven digits.
                    (String(main[0].prefix(7)), String(develop.prefix(12)), .descends),
                    (main[0], "0123456", .absent("0123456")),
                    (String(repeating: "a", count: 64), main[0], .absent(String(repeating: "a", count: 64))),
                ]
                for (old, new, expected) in rows {
                    #expect(try await repository.relation(old, new) == expected, "\(old) \(new)")
                }
            }
        }
    }

    @Test(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
    func `a repository on this machine`() async throws {
        let source = try await Source()
        let reader = try Reader()
        try await source.ask(reader, at: source.fixture.path)
        // What was new since.
        let next = try await source.fixture.commit(to: "main", ["src/app.c": "4\n"], time: 1_750_000_600)
        try await reader.open(source.fixture.path) { repository in
            try await repository.fetchLineage()
            #expect(try await repository.relation(source.main[0], next) == .descends)
            #expect(try await repository.relation(source.develop, next) == .diverged)
        }
    }

    /// With a server that leaves out the files, and with one that can't. The second time nothing is new.
    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"), arguments: [true, false])
    func `by HTTP, with files or without`(_ isFiltered: Bool) async throws {
        let source = try await Source()
        try await source.fixture.git("config", "uploadpack.allowFilter", "\(isFiltered)")
        let server = try await GitHTTPServer.shared.value
        let url = "\(server.plain)/basic/\(try server.serve(source.fixture))"
        let reader = try Reader(
            credentials: GitCredentials(
                username: .text(GitHTTPServer.user), password: .text(GitHTTPServer.password)))
        try await source.ask(reader, at: url)
        try await source.ask(reader, at: url)
    }

    @Test(.enabled(if: Requirement.gitDaemon.isToRun, "\(Requirement.gitDaemon)"))
    func `by git daemon`() async throws {
        let source = try await Source()
        let daemon = try await GitDaemon(source.fixture)
        try await source.ask(try Reader(), at: daemon.url)
    }
}
