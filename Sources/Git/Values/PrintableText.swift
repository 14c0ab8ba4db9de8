/// Text from elsewhere as it may stand in one line of output: control characters become spaces (a terminal would obey
/// them), runs of spaces become one, and what is longer than `limit` characters is cut.
func printable(_ text: String, limit: Int = 500) -> String {
    var result = ""
    var count = 0
    var pendingSpace = false
    for scalar in text.unicodeScalars {
        if isUnprintable(scalar) || scalar == " " {
            pendingSpace = count > 0
            continue
        }
        if count >= limit { return result + "…" }
        if pendingSpace { result += " " }
        pendingSpace = false
        result.unicodeScalars.append(scalar)
        count += 1
    }
    return result
}

/// The same for bytes of unknown encoding; what isn't UTF-8 becomes U+FFFD.
func printable(_ bytes: some Collection<UInt8>, limit: Int = 500) -> String {
    printable(String(decoding: bytes.prefix(limit * 4), as: UTF8.self), limit: limit)
}

/// C0, DEL, C1 and the characters that reorder text (Unicode TR 36, "bidirectional text spoofing").
private func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f..<0xa0, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
}
