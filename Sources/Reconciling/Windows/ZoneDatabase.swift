import Documents
import FoundationEssentials

/// The system's time zones: files below `$TZDIR`, else `/usr/share/zoneinfo`.
public struct ZoneDatabase: Sendable, Hashable {
    let folder: String

    public init(folder: String = "/usr/share/zoneinfo") { self.folder = folder }

    /// By the variables of a process.
    public init(_ variables: [String: String]) {
        let given = variables["TZDIR"] ?? ""
        self.init(folder: given.isEmpty ? "/usr/share/zoneinfo" : given)
    }

    /// By the variables of this process.
    public static let system = ZoneDatabase(ProcessInfo.processInfo.environment)

    /// Why a zone can't be had.
    enum Problem: Error, Hashable {
        case unknown
        /// Not even Europe/London is there.
        case noDatabase
        case malformed(String)
    }

    private static let maximumSize = 1 << 20

    func rules(of name: String) throws(Problem) -> ZoneRules {
        guard Self.isName(name) else { throw .unknown }
        if name == "UTC" || name == "Etc/UTC" { return .utc }
        do {
            return try ZoneRules(try BoundedFile.read("\(folder)/\(name)", limit: Self.maximumSize))
        } catch let error as ZoneRules.Malformed {
            throw .malformed(error.reason)
        } catch {
            throw has("Europe/London") || has("Etc/UTC") ? .unknown : .noDatabase
        }
    }

    /// The zones that its own list names, for a hint; none where there is no list.
    var names: [String] {
        guard let bytes = try? BoundedFile.read("\(folder)/zone1970.tab", limit: Self.maximumSize) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t")
            return line.hasPrefix("#") || fields.count < 3 ? nil : String(fields[2])
        }
    }

    private func has(_ name: String) -> Bool {
        do {
            _ = try BoundedFile.read("\(folder)/\(name)", limit: Self.maximumSize)
            return true
        } catch { return false }
    }

    /// Parts of letters, digits, `_`, `+` and `-` between slashes, so that no name leads out of the folder; with a capital
    /// first, as the zones themselves have, and the files beside them (`tzdata.zi`, `leapseconds`) do not.
    private static func isName(_ name: String) -> Bool {
        guard name.utf8.count <= 64, name.utf8.first.map({ (0x41...0x5a).contains($0) }) ?? false else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "_+-".utf8.contains(byte)
                }
        }
    }
}
