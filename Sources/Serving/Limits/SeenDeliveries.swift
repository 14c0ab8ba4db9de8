/// Remembers the signed contents of the latest deliveries, so that one that is sent again does nothing.
///
/// Most forges sign the body alone: an id or a time in a header can be changed by whoever replays a delivery, so what was
/// signed is what is remembered.
struct SeenDeliveries: Sendable {
    let limit: Int
    private struct Delivery: Hashable {
        var digest: [UInt8]
        var secret: String
    }
    private var order: [Delivery] = []
    private var oldest = 0
    private var known: Set<Delivery> = []

    init(limit: Int = 4096) {
        self.limit = limit
    }

    var count: Int { known.count }

    /// - Parameters:
    ///   - digest: a collision-resistant one of what was signed.
    ///   - secret: the name of the secret that it was signed with.
    /// - Returns: false where it is there already.
    mutating func insert(_ digest: [UInt8], of secret: String) -> Bool {
        let delivery = Delivery(digest: digest, secret: secret)
        guard known.insert(delivery).inserted else { return false }
        if order.count < limit {
            order.append(delivery)
        } else {
            known.remove(order[oldest])
            order[oldest] = delivery
            oldest = (oldest + 1) % limit
        }
        return true
    }
}
