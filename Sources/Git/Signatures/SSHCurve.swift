/// The curves of RFC 5656 that SSH keys are made on.
enum SSHCurve: String, Sendable, Hashable, CaseIterable {
    case nistp256, nistp384, nistp521

    /// The type of a key on it, and the algorithm of a signature by one.
    var keyType: String { "ecdsa-sha2-" + rawValue }

    /// The bytes of one coordinate, and of each half of a signature.
    var size: Int {
        switch self {
        case .nistp256: 32
        case .nistp384: 48
        case .nistp521: 66
        }
    }

    /// An uncompressed point, the only form that SSH has: 4, x, y.
    var pointSize: Int { 2 * size + 1 }
}
