import ArgumentParser
import Demo
import FoundationEssentials
import Reporting
import Synchronization

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the main job in half a minute, on an embedded cluster.",
        discussion: """
            Starts a cluster inside this process, makes a deployment repository in a temporary folder, and then deploys, \
            breaks, repairs, promotes and rolls back. Every command is printed and then run just so. Needs git and nothing \
            else, and nothing of it remains.

            EXAMPLES
              descry demo
              descry demo --keep     # leaves all running at the end, to look around

            EXIT CODES
              0   everything went as it should
              1   a step did not; it is named
            """)

    @Flag(help: "Leave everything running at the end until Ctrl-C, and print how to look around.")
    var keep = false

    @OptionGroup var colours: ColourOptions

    func run() async throws {
        let stream = OutputStream.standardOutput
        let style = colours.style(for: stream)
        do {
            let demo = Demo(
                descry: try Self.program(), style: style, pause: style.terminal == nil ? .zero : .milliseconds(1500),
                say: stream.write)
            // Once the tour is over, Ctrl-C is how it is to end.
            let isOver = Mutex(false)
            let keep = keep
            let end = try await Interruption.ends {
                try await demo.run(keep: keep) {
                    isOver.withLock { $0 = true }
                    await Interruption.wait()
                }
            }
            if case .interrupted = end, !isOver.withLock({ $0 }) { throw CancellationError() }
        } catch {
            let failure = Failure(error)
            failure.printText()
            throw ExitCode(failure.status.rawValue)
        }
    }

    /// The path of the program that is running now.
    static func program() throws -> String {
        #if os(Linux)
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        #else
            let name = CommandLine.arguments.first ?? "descry"
            return name.hasPrefix("/") ? name : FileManager.default.currentDirectoryPath + "/" + name
        #endif
    }
}
