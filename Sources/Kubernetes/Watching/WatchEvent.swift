import FoundationEssentials
import NIOCore

/// One line of a watch.
enum WatchEvent<Object: ClusterObject>: Sendable, Decodable {
    case changed(Object)
    case deleted(Object)
    /// No change; only a newer moment to continue from.
    case bookmark(resourceVersion: String)
    /// The server ends the watch: `kind: Status`.
    case refused(StatusObject)

    init(line: ByteBuffer) throws {
        self = try JSONDecoder().decode(WatchEvent.self, from: Data(line.readableBytesView))
    }

    init(from decoder: any Decoder) throws {
        let event = try decoder.container(keyedBy: CodingKeys.self)
        switch try event.decode(String.self, forKey: .type) {
        case "ADDED", "MODIFIED": self = .changed(try event.decode(Object.self, forKey: .object))
        case "DELETED": self = .deleted(try event.decode(Object.self, forKey: .object))
        case "BOOKMARK":
            // A bookmark has no name, so it is not decoded as an object.
            self = .bookmark(
                resourceVersion: try event.decode(Bookmark.self, forKey: .object).metadata.resourceVersion)
        case "ERROR": self = .refused(try event.decode(StatusObject.self, forKey: .object))
        case let other:
            throw DecodingError.dataCorruptedError(forKey: .type, in: event, debugDescription: "unknown type \(other)")
        }
    }

    private enum CodingKeys: String, CodingKey {
        case type
        case object
    }

    private struct Bookmark: Decodable {
        struct Metadata: Decodable { var resourceVersion: String }
        var metadata: Metadata
    }
}
