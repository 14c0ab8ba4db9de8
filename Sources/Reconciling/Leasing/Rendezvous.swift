/// Which replica is to have which environment, without any of them knowing the others: each ranks itself for each environment by
/// a hash of both names, and the lowest of those alive wins. One that is lost leaves the others' environments where they are.
///
/// Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998).
public enum Rendezvous {
    /// 0..<1, evenly spread, the same in every process and version.
    public static func rank(_ environment: String, _ replica: String) -> Double {
        // FNV-1a, 64 bits, of both names with a byte between them that is in neither.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(environment.utf8) + [0] + Array(replica.utf8) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        // Names differ in their last characters mostly, which FNV leaves in the low bits: MurmurHash3's finalizer mixes them.
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        hash ^= hash >> 33
        return Double(hash >> 11) / Double(UInt64(1) << 53)
    }
}
