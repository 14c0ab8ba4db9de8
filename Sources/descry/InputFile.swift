import Documents
import FoundationEssentials
import Reporting

/// Files that the user names on the command line.
enum InputFile {
    /// Descriptors and environment files may have 8 MiB; what is larger is told by their parser, with its own code.
    private static let limit = 64 << 20

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// The names in a folder, sorted; none where there is no such folder.
    ///
    /// - Throws: `Failure` (refused) where it cannot be listed.
    static func names(in folder: String) throws(Failure) -> [String] {
        guard isFolder(folder) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw Failure(status: .refused, code: "unreadable-folder", message: "cannot list \(folder): \(error)")
        }
    }

    /// The descriptors and environment files in a folder and below it, by their endings; hidden ones are passed over.
    static func inputs(below folder: String) throws(Failure) -> [String] {
        let base = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        var found: [String] = []
        for name in try names(in: folder) where !name.hasPrefix(".") {
            let path = base + "/" + name
            if isFolder(path) {
                found += try inputs(below: path)
            } else if [".yaml", ".yml", ".json"].contains(where: name.hasSuffix) {
                found.append(path)
            }
        }
        return found
    }

    /// True where the first line that is neither blank nor a comment or document marker begins with `apiVersion:`.
    static func isManifest(_ bytes: [UInt8]) -> Bool {
        for line in bytes.prefix(64 << 10).split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            if text.allSatisfy(\.isWhitespace) || text.hasPrefix("#") || text.hasPrefix("---") { continue }
            return text.hasPrefix("apiVersion:")
        }
        return false
    }

    /// - Throws: `Failure` (refused) with the system's reason where the file cannot be read.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        do {
            return try BoundedFile.read(path, limit: limit)
        } catch {
            throw Failure(status: .refused, code: "unreadable-file", message: "cannot read \(path): \(error)")
        }
    }

    /// - Throws: `Failure` (refused) with the system's reason.
    static func standardInput() throws(Failure) -> [UInt8] {
        do {
            return try BoundedFile.readStandardInput(limit: limit)
        } catch {
            throw Failure(status: .refused, code: "unreadable-file", message: "cannot read standard input: \(error)")
        }
    }

    /// Writes a report whole or not at all: over a temporary file beside it.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure(status: .internalError, code: "unwritable-file", message: "cannot write \(path): \(error)")
        }
    }
}
