/// One pkt-line of git's protocol: data, or one of the three markers.
///
/// Source: gitprotocol-common(5), "pkt-line Format", and gitprotocol-v2(5), "Packet-Line Framing".
enum Packet: Sendable, Hashable {
    case data([UInt8])
    /// `0000`: the end of a message.
    case flush
    /// `0001`: between the sections of a message.
    case delimiter
    /// `0002`: the end of a response on a connection without states.
    case responseEnd

    /// The longest packet, its four length digits included.
    static let maximumLength = 65520

    /// A line of text with its newline, as commands and their arguments are sent.
    static func line(_ text: String) -> Packet { .data(Array(text.utf8) + [0x0a]) }

    /// The packet on the wire.
    ///
    /// - Precondition: data is at most 65,516 bytes long. Every line that is sent is built from validated names, each
    ///   shorter than 300 bytes.
    var encoded: [UInt8] {
        switch self {
        case .flush: return Array("0000".utf8)
        case .delimiter: return Array("0001".utf8)
        case .responseEnd: return Array("0002".utf8)
        case .data(let bytes):
            precondition(bytes.count + 4 <= Self.maximumLength, "a packet is too long")
            let digits = String(bytes.count + 4, radix: 16)
            return Array(String(repeating: "0", count: 4 - digits.utf8.count).utf8) + Array(digits.utf8) + bytes
        }
    }

    /// The text of a line without its newline; nil for a marker.
    var text: String? {
        guard case .data(let bytes) = self else { return nil }
        return String(decoding: bytes.last == 0x0a ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}

extension [Packet] {
    var encoded: [UInt8] { flatMap(\.encoded) }
}
