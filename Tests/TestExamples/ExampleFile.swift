import FoundationEssentials

/// One example file of the tests.
public struct ExampleFile: Sendable, CustomStringConvertible {
    /// The name without its folder, as the diagnostics print it.
    public let name: String
    public let path: String
    public let bytes: [UInt8]

    public var description: String { name }

    /// The expected diagnostics, which stand beside the example.
    public var expectedDiagnostics: String? {
        FileManager.default.contents(atPath: path + ".expected").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Every example of a folder, by name. An empty list would make tests pass that check nothing, so it is refused.
    public static func all(in folder: String) throws -> [ExampleFile] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let files = try names.filter { !$0.hasSuffix(".expected") && !$0.hasPrefix(".") }.map {
            try at("\(folder)/\($0)")
        }
        if files.isEmpty { throw ExampleError(description: "no example in \(folder)") }
        return files
    }

    public static func at(_ path: String) throws -> ExampleFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ExampleError(description: "cannot read \(path)")
        }
        return ExampleFile(name: String(path.split(separator: "/").last ?? ""), path: path, bytes: [UInt8](data))
    }

    /// Compares with the expected diagnostics. With `WRITE_EXPECTED=1` in the environment they are written instead, and the
    /// test fails all the same, so that nobody takes a run that wrote for one that checked.
    public func mismatch(with text: String) throws -> String? {
        if ProcessInfo.processInfo.environment["WRITE_EXPECTED"] == "1" {
            try (text + "\n").write(toFile: path + ".expected", atomically: true, encoding: .utf8)
            return "wrote \(path).expected"
        }
        guard let expected = expectedDiagnostics else {
            return "\(path).expected is missing; the diagnostics are:\n\(text)"
        }
        return expected == text + "\n" ? nil : "expected:\n\(expected)\nfound:\n\(text)\n"
    }
}

/// What keeps an example or a schema from being used.
public struct ExampleError: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}

/// The folder of the project, found from a source file of the tests.
public func projectFolder(of sourceFile: String = #filePath) -> String {
    let parts = sourceFile.split(separator: "/")
    let tests = parts.lastIndex(of: "Tests") ?? parts.startIndex
    return "/" + parts[..<tests].joined(separator: "/")
}
