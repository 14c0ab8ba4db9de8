import TestServers

@testable import Reconciling

extension Requirement {
    /// Python's own reader of the same files, to compare with.
    static let timeZones = Requirement(
        "time zones, and Python to compare with",
        missing: Requirement.program("python3") == nil
            ? "no python3; install python3"
            : ZoneDatabase().names.isEmpty ? "no zones in /usr/share/zoneinfo; install tzdata" : nil)
}

/// Runs a Python program with the same time zones.
func python(_ program: String, _ arguments: [String] = []) async throws -> [Substring] {
    try await Program.run(
        "python3", ["-c", program] + arguments, variables: ["PYTHONTZPATH": ZoneDatabase().folder]
    ).split(separator: "\n")
}
