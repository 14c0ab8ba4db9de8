import Testing

@testable import Serving

/// Whose share of the limits a client's requests are counted against.
@Suite struct ClientNetworkTests {
    @Test(arguments: [
        // Each IPv4 address for itself, also where a socket shows it as IPv6.
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("::ffff:c000:207", "192.0.2.7"),
        // Of IPv6 the network: whoever has one has all of its addresses.
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "0:0:0:0::/64"), ("fe80::1%eth0", "fe80:0:0:0::/64"),
        // What is no address is nobody else's.
        ("unknown", "unknown"), ("", ""),
    ])
    func `clients of one network share its limits`(address: String, network: String) {
        #expect(ClientNetwork(of: address).description == network)
    }
}
