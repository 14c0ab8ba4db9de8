import FoundationEssentials

/// Something outside the package that a suite cannot do without: a server, or a program that plays one.
///
/// Where it is missing, the suite is left out and says why:
///
///     @Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"))
///
/// With `DESCRY_TEST_REQUIRE=all` (as in CI) nothing is left out: the suite runs, and fails at `demand()`.
public struct Requirement: Sendable, CustomStringConvertible {
    /// Thrown by `demand()`: what is missing and how to get it.
    public struct Unmet: Error, CustomStringConvertible {
        public let description: String
    }

    /// What the suites need, as a reader would name it: "the Kubernetes API server".
    public let name: String
    /// What was looked for and not found, and where it comes from; nil where everything is there.
    public let missing: String?

    public init(_ name: String, missing: String?) {
        self.name = name
        self.missing = missing
    }

    /// Needs these programs on the PATH, or in the folders for administrators where web and SSH servers are installed.
    /// `package` is what to install on Debian.
    public init(_ name: String, programs: [String], package: String) {
        let absent = programs.filter { Self.program($0) == nil }
        self.init(
            name, missing: absent.isEmpty ? nil : "no \(absent.joined(separator: ", ")); install \(package)")
    }

    /// True where the suites should run: everything is there, or nothing may be left out.
    public var isToRun: Bool { missing == nil || Self.isEnforced }

    /// Throws where something is missing. Servers call it before they start.
    public func demand() throws(Unmet) {
        if let missing { throw Unmet(description: "\(name): \(missing)") }
    }

    /// The comment that the test run prints beside a suite that it leaves out.
    public var description: String { "needs \(name): \(missing ?? "it is there")" }

    /// `DESCRY_TEST_REQUIRE=all`: a missing server fails the run.
    public static var isEnforced: Bool { ProcessInfo.processInfo.environment["DESCRY_TEST_REQUIRE"] == "all" }

    /// The path of a program, or nil.
    public static func program(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
