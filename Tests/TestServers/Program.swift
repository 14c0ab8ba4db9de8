import Subprocess

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Programs that the tests call.
public enum Program {
    private static let seconds = "120"

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// A variable of the test's own environment.
    public static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The path of a program: in `PATH`, or where servers are kept that no user calls.
    public static func find(_ name: String) -> String? {
        if name.hasPrefix("/") { return access(name, X_OK) == 0 ? name : nil }
        let folders = (environment("PATH") ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
        return (folders + ["/usr/local/sbin", "/usr/sbin", "/sbin"]).map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs a program to its end, through `timeout`, so that none outlives its test by much.
    ///
    /// - Parameter variables: what it gets besides the test's own environment.
    /// - Returns: what it wrote to its standard output.
    /// - Throws: ``Failure`` with what it wrote to its standard error, never with the input, which may be secret.
    @discardableResult
    public static func run(
        _ name: String, _ arguments: [String], input: [UInt8] = [], variables: [String: String] = [:]
    ) async throws -> String {
        guard let path = find(name) else { throw Requirement.Unmet(description: "\(name) isn't in PATH") }
        var updates: [Environment.Key: String?] = [:]
        for (name, value) in variables {
            if let key = Environment.Key(rawValue: name) { updates[key] = value }
        }
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments([seconds, path] + arguments),
            environment: .inherit.updating(updates), input: .array(input), output: .string(limit: 64 << 20),
            error: .string(limit: 1 << 20))
        guard case .exited(0) = result.terminationStatus else {
            throw Failure(description: "\(name) \(arguments.first ?? ""): \(result.standardError)")
        }
        return result.standardOutput
    }

    /// Runs a program up to the first line of standard output that matches, stops it, and returns the lines, that one
    /// included. It is stopped after two minutes all the same; then the last line does not match.
    static func lines(_ name: String, _ arguments: [String], until isLast: (String) -> Bool) async throws -> [String] {
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments([seconds, name] + arguments), input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                if isLast(line) { break }
            }
            // TERM first, which `timeout` passes on to the program.
            await execution.teardown(using: [.send(signal: .terminate, allowedDurationToNextStep: .seconds(5))])
            return lines
        }
        return result.closureResult
    }

    static func executable(_ path: String) -> Executable { .path(literal(path)) }

    /// `FilePath` is swift-system's, which this target doesn't depend on; a literal's initialiser is the standard library's.
    private static func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
    where Path.StringLiteralType == String {
        Path(stringLiteral: text)
    }
}
