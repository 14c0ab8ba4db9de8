import Crypto
import Documents

/// The environment files of a folder as they lie there, before anything of them is understood.
struct FolderContents: Sendable {
    /// What was read of a file, or why nothing was.
    typealias File = Result<[UInt8], BoundedFile.Problem>

    /// In bytes. A ConfigMap, with all of its files, holds no more.
    static let limit = 1 << 20

    /// By their names in the folder, such as `DEV.yaml`.
    let files: [String: File]
    /// Files that look as if they were meant to be environment files, and are none by their ending.
    let passedOver: [String]

    /// Reads every `NAME.yaml`. Hidden names are passed over: editors' files, and the `..data` of a mounted ConfigMap.
    ///
    /// The kubelet changes a mounted ConfigMap by exchanging the link `..data`, which every file of it goes through. Where that
    /// happens between two of them, all are read again, so that what was changed together counts together.
    static func read(_ folder: String) throws(BoundedFile.Problem) -> FolderContents {
        var contents = try readOnce(folder)
        for _ in 0..<5 where contents.before != contents.after { contents = try readOnce(folder) }
        return contents.read
    }

    private static func readOnce(
        _ folder: String
    ) throws(BoundedFile.Problem) -> (read: FolderContents, before: String?, after: String?) {
        let before = FolderListing.target(ofLink: folder + "/..data")
        let names = try FolderListing.names(in: folder).filter { !$0.hasPrefix(".") }
        var files: [String: File] = [:]
        for name in names where name.hasSuffix(EnvironmentFolder.ending) {
            do throws(BoundedFile.Problem) {
                files[name] = .success(try BoundedFile.readRegular(folder + "/" + name, limit: limit))
            } catch {
                files[name] = .failure(error)
            }
        }
        let passedOver = names.filter { $0.hasSuffix(".yml") || $0.hasSuffix(".json") }
        return (
            FolderContents(files: files, passedOver: passedOver), before,
            FolderListing.target(ofLink: folder + "/..data")
        )
    }

    /// Of all names and all bytes; the same for the same contents, however they came there.
    var digest: String {
        var hash = SHA256()
        for (name, file) in files.sorted(by: { $0.key < $1.key }) {
            hash.update(framed: Array(name.utf8))
            switch file {
            case .success(let bytes): hash.update(framed: bytes)
            case .failure(let problem): hash.update(framed: Array("\0\(problem)".utf8))
            }
        }
        for name in passedOver { hash.update(framed: Array(name.utf8)) }
        return hash.finalize().hexadecimal
    }
}

/// What files outside of the folder hold, of which connections are made: certificates, keys, kubeconfigs.
enum ConnectionFiles {
    private static let limit = 4 << 20

    /// The same for the same contents; nil for no files. One that cannot be read is told by the connection that needs it.
    static func revision(_ paths: some Sequence<String>) -> String? {
        let paths = Set(paths).sorted()
        if paths.isEmpty { return nil }
        var hash = SHA256()
        for path in paths {
            hash.update(framed: Array(path.utf8))
            do throws(BoundedFile.Problem) {
                hash.update(framed: try BoundedFile.readRegular(path, limit: limit))
            } catch {
                hash.update(framed: Array("\0\(error)".utf8))
            }
        }
        return hash.finalize().hexadecimal
    }
}

extension SHA256Digest {
    fileprivate var hexadecimal: String {
        map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}

extension SHA256 {
    /// With its length before it, so that no two lists of pieces give the same bytes.
    fileprivate mutating func update(framed bytes: [UInt8]) {
        update(data: Array("\(bytes.count):".utf8))
        update(data: bytes)
    }
}
