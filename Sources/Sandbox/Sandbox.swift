import Crypto
import Hummingbird
import HummingbirdTLS
import X509

/// The embedded cluster.
public struct Sandbox: Sendable {
    let store = ObjectStore()

    public init() {}
}
