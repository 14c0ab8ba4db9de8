/// The three bands that a packet of a pack may belong to.
///
/// Source: gitprotocol-pack(5), "Packfile Data"; gitprotocol-v2(5), `sideband-all`.
enum SideBand {
    /// The bytes of band 1; nil for progress (band 2) and for a packet that only keeps the connection alive.
    ///
    /// - Throws: the server's words for band 3.
    static func payload(_ bytes: [UInt8]) throws(GitError) -> [UInt8]? {
        switch bytes.first {
        case 1: return bytes.count > 1 ? Array(bytes.dropFirst()) : nil
        case 2: return nil
        case 3: throw ProtocolError.server(String(decoding: bytes.dropFirst(), as: UTF8.self))
        case nil: return nil
        default: throw ProtocolError.unexpected("a packet of its pack belongs to no band")
        }
    }
}
