import FoundationEssentials
import NIOCore

/// One line of a watch.
enum WatchEvent<Object: ClusterObject>: Sendable {
    case changed(Object)
    case deleted(Object)
    /// No change; only a newer moment to continue from.
    case bookmark(resourceVersion: String)
    /// The server ends the watch: `kind: Status`.
    case refused(StatusObject)

    init(line: ByteBuffer) throws {
        let data = Data(line.readableBytesView)
        let decoder = JSONDecoder()
        switch try decoder.decode(Header.self, from: data).type {
        case "ADDED", "MODIFIED": self = .changed(try decoder.decode(Body<Object>.self, from: data).object)
        case "DELETED": self = .deleted(try decoder.decode(Body<Object>.self, from: data).object)
        case "BOOKMARK":
            // A bookmark has no name, so it is not decoded as an object.
            let mark = try decoder.decode(Body<Bookmark>.self, from: data).object
            self = .bookmark(resourceVersion: mark.metadata.resourceVersion)
        case "ERROR": self = .refused(try decoder.decode(Body<StatusObject>.self, from: data).object)
        default: throw UnknownType()
        }
    }

    struct UnknownType: Error {}

    private struct Header: Decodable { var type: String }
    private struct Body<Content: Decodable>: Decodable { var object: Content }
    private struct Bookmark: Decodable {
        struct Metadata: Decodable { var resourceVersion: String }
        var metadata: Metadata
    }
}
