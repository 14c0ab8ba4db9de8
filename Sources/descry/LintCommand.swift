import ArgumentParser
import Documents
import Reconciling
import Reporting

struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check deploy descriptors and environment files.",
        discussion: """
            Reports every problem of every file in one run, with file, line, column and what to do. A file with \
            `environment:` at its top level is checked as an environment file, any other as a descriptor. Needs no network.

            EXAMPLES
              descry lint deploy-descriptor.yaml
              descry lint --junit lint.xml -o json deploy-descriptor.yaml
              git show LIVE:deploy-descriptor.yaml | descry lint -
              descry lint environments/            # every .yaml, .yml and .json in it and below

            In a folder, Kubernetes manifests (files that begin with apiVersion) are passed over.

            EXIT CODES
              0 where no file has an error, else 65
            """)

    @Argument(help: .init("Files, folders, or - for standard input.", valueName: "file"))
    var paths: [String]

    @OptionGroup var common: CommonOptions
    @OptionGroup var junit: JUnitOptions

    func run() async throws {
        try await common.finish {
            var files: [LintReport.File] = []
            for path in paths { files += try check(path) }
            let report = LintReport(files: files)
            try junit.write(report.junit)
            OutputStream.standardError.write(report.problemText)
            if common.output.format == .json {
                common.output.printJSON(report)
            } else {
                let stream = common.output.textStream
                stream.write(report.summaryText(style: common.output.style(for: stream)))
            }
            return report.errors == 0 ? .done : .refused
        }
    }

    private func check(_ path: String) throws -> [LintReport.File] {
        if path == "-" { return [LintReport.File(InputCheck.run(try InputFile.standardInput(), file: "<stdin>"))] }
        guard InputFile.isFolder(path) else { return [checkFile(path)] }
        let files = try InputFile.inputs(below: path)
        guard files.isEmpty else { return files.map { checkFile($0, isChosen: false) } }
        throw Failure(
            status: .refused, code: "nothing-to-lint", message: "\(path) holds no .yaml, .yml or .json file")
    }

    /// A file that cannot be read is one problem among others: the rest is checked all the same.
    ///
    /// - Parameter isChosen: false where it only lies in a folder: then a Kubernetes manifest is passed over.
    private func checkFile(_ path: String, isChosen: Bool = true) -> LintReport.File {
        do throws(Failure) {
            let bytes = try InputFile.read(path)
            if !isChosen && InputFile.isManifest(bytes) {
                return LintReport.File(
                    file: path, kind: nil, isGood: true, summary: "a Kubernetes manifest, passed over", diagnostics: [])
            }
            return LintReport.File(InputCheck.run(bytes, file: path))
        } catch {
            let problem = Diagnostic(code: error.code, message: error.message, file: path)
            return LintReport.File(file: path, kind: nil, isGood: false, summary: "1 error", diagnostics: [problem])
        }
    }
}

extension LintReport.File {
    fileprivate init(_ check: InputCheck) {
        self.init(
            file: check.file, kind: check.kind.rawValue, isGood: check.isGood, summary: check.summary,
            diagnostics: check.diagnostics)
    }
}
