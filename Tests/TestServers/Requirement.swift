#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Something that a suite needs and that not every machine has: a web server, `sshd`, a control plane.
///
/// The one rule about such suites: `.enabled(if: requirement.isMetOrDemanded, requirement.comment)` leaves them out, and
/// says so, where something is missing; with `DESCRY_TEST_REQUIRE=all` in the environment, as in CI, they run all the same
/// and fail with ``Missing`` where the server is started.
public struct Requirement: Sendable {
    /// Thrown by whoever starts a server whose programs aren't there.
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    /// What it is for, such as `git over HTTPS`.
    public let name: String
    /// What isn't there; empty where the requirement is met.
    public let missing: [String]

    public init(_ name: String, missing: [String]) {
        self.name = name
        self.missing = missing
    }

    /// A requirement of programs in `PATH`, in the folders where servers are kept, or at a given path.
    public init(_ name: String, programs: [String]) {
        self.init(name, missing: programs.filter { Program.find($0) == nil })
    }

    /// Whether missing parts must fail the tests. The only place where this is decided.
    public static var isDemanded: Bool { Program.environment("DESCRY_TEST_REQUIRE") == "all" }

    public var isMet: Bool { missing.isEmpty }

    /// The condition for `.enabled(if:)`.
    public var isMetOrDemanded: Bool { isMet || Self.isDemanded }

    /// The words that go with a suite that is left out.
    public var comment: String { "\(name) needs: \(missing.joined(separator: ", "))" }

    /// - Throws: ``Missing`` where something isn't there.
    public func check() throws {
        if !isMet { throw Missing(description: comment) }
    }

    public static let git = Requirement("a git repository to test with", programs: ["git"])
    public static let httpServer = Requirement(
        "git over HTTP and HTTPS",
        programs: ["git", "nginx", "fcgiwrap", "openssl", "/usr/lib/git-core/git-http-backend"])
    public static let sshServer = Requirement("git over SSH", programs: ["git", "ssh", "sshd", "ssh-keygen"])
    public static let gitDaemon = Requirement(
        "git over git://", programs: ["git", "/usr/lib/git-core/git-daemon"])
}
