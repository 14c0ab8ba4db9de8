import Subprocess

/// A program that a test runs to its end, through `timeout`, so that none outlives its test by much.
struct Command: Sendable {
    /// It ended with something else than 0, or by a signal.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// A name to look up on the PATH, or a path.
    let executable: String

    private static let seconds = "120"

    init(_ executable: String) {
        self.executable = executable
    }

    /// Returns standard output. The error carries standard error, not the input, which may be secret.
    @discardableResult
    func run(_ arguments: [String], input: String = "") async throws -> String {
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments([Self.seconds, executable] + arguments), input: .string(input),
            output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            let command = "\(executable) \(arguments.joined(separator: " "))"
            throw Failed(description: "\(command): \(result.terminationStatus): \(result.standardError)")
        }
        return result.standardOutput
    }

    /// Runs it up to the first line of standard output that matches, stops it, and returns the lines, that one included.
    /// It is stopped after two minutes all the same; then the last line does not match.
    func lines(_ arguments: [String], until isLast: (String) -> Bool) async throws -> [String] {
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments([Self.seconds, executable] + arguments), input: .none,
            output: .sequence,
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
}
