import ArgumentParser
import FoundationEssentials
import Reporting
import Sandbox
import Synchronization

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run the embedded cluster alone.",
        discussion: """
            Serves the part of the Kubernetes API that Descry uses, on the loopback interface, with controllers for \
            StatefulSets and Deployments and with simulated pods. Writes a kubeconfig that may do everything there, and runs \
            until Ctrl-C. All is in memory; docs/sandbox.md says what is served.

            EXAMPLES
              descry sandbox --namespace shop-dev --namespace shop-live
              descry sandbox --port 6443 --kubeconfig /tmp/sandbox.kubeconfig
              KUBECONFIG=sandbox.kubeconfig kubectl get statefulsets -A

            EXIT CODES
              0 when it is ended by Ctrl-C; 1 where the port or the kubeconfig's place is taken
            """)

    @Option(help: .init("The port to listen on; any free one where it is 0.", valueName: "port"))
    var port = 0

    @Option(
        name: [.customShort("n"), .long], parsing: .singleValue,
        help: .init("A namespace to create; may be given several times.", valueName: "namespace"))
    var namespace: [String] = []

    @Option(help: .init("Where to write the kubeconfig. It is deleted at the end.", valueName: "file"))
    var kubeconfig = "sandbox.kubeconfig"

    @OptionGroup var output: OutputOptions

    /// What `-o json` prints once the sandbox answers.
    private struct Report: Encodable {
        var server: String
        var kubeconfig: String
        var namespaces: [String]
    }

    private static let mark = "# Written by descry sandbox, and deleted when it ends.\n"

    func validate() throws {
        if !(0...65535).contains(port) { throw ValidationError("--port is a number from 0 to 65535") }
    }

    func run() async throws {
        do {
            try checkPlace()
            var seen: Set<String> = []
            let namespaces = (namespace.isEmpty ? ["default"] : namespace).filter { seen.insert($0).inserted }
            _ = try await Interruption.ends { [self] in try await run(namespaces) }
        } catch {
            let failure = Failure(error)
            failure.print(output)
            throw ExitCode(failure.status.rawValue)
        }
    }

    private func run(_ namespaces: [String]) async throws {
        var options = Sandbox.Options()
        options.port = port
        let isListening = Mutex(false)
        do {
            try await Sandbox.run(options) { sandbox in
                isListening.withLock { $0 = true }
                for name in namespaces where name != "default" { try sandbox.createNamespace(name) }
                try await serve(sandbox, namespaces)
            }
        } catch  where !isListening.withLock({ $0 }) && !(error is CancellationError) {
            throw Failure(
                status: .internalError, code: "cannot-listen", message: "cannot listen on 127.0.0.1:\(port): \(error)",
                hint: "Name another port, or 0 for any that is free")
        }
    }

    private func serve(_ sandbox: Sandbox, _ namespaces: [String]) async throws {
        let text = Self.mark + sandbox.kubeconfig(for: sandbox.administrator, namespace: namespaces.first)
        let written = FileManager.default.createFile(
            atPath: kubeconfig, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard written else {
            throw Failure(status: .internalError, code: "unwritable-file", message: "cannot write \(kubeconfig)")
        }
        let report = Report(server: sandbox.server, kubeconfig: kubeconfig, namespaces: namespaces)
        if output.format == .json {
            output.printJSON(report)
        } else {
            OutputStream.standardOutput.write(
                """
                The sandbox answers at \(sandbox.server). Ctrl-C ends it.
                  export KUBECONFIG=\(absolute(kubeconfig))
                  kubectl get pods

                """)
        }
        await Interruption.wait()
        try FileManager.default.removeItem(atPath: kubeconfig)
    }

    /// A user's own kubeconfig must not be lost; one that a killed sandbox left behind may be.
    private func checkPlace() throws {
        guard InputFile.exists(kubeconfig) else { return }
        let bytes = try InputFile.read(kubeconfig)
        if bytes.starts(with: Array(Self.mark.utf8)) { return }
        throw Failure(
            status: .internalError, code: "file-exists", message: "\(kubeconfig) is there already",
            hint: "Name another place with --kubeconfig")
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
