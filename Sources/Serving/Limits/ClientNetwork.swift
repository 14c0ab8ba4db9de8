#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whose requests are counted together: those of one IPv4 address, and those of one /64 network of IPv6 addresses, which is the least that a
/// customer gets (RFC 6177), so that nobody has more than one share by changing the address.
struct ClientNetwork: Sendable, Hashable, CustomStringConvertible {
    let description: String

    /// - Parameter address: of a client; what is no IP address is taken as it is.
    init(of address: String) {
        // A link-local address names the interface that it was seen on.
        let plain = String(address.prefix { $0 != "%" })
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, plain, &bytes) == 1 else {
            description = address
            return
        }
        // A socket that takes both kinds of address shows an IPv4 address so (RFC 4291, 2.5.5.2).
        if bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xff, 0xff]) {
            description = bytes.suffix(4).map(String.init).joined(separator: ".")
            return
        }
        let groups = stride(from: 0, to: 8, by: 2).map { index in
            String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
        }
        description = groups.joined(separator: ":") + "::/64"
    }
}
