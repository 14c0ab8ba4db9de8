/// What the control plane's simulated node does with an image, chosen by the version that is its tag.
///
/// `scripts/control-plane/containerstates.py` lists the statuses that follow from each.
public enum Fate: Int, Sendable, CaseIterable {
    case runs = 0
    case pullFails, configIsMissing, entryPointIsMissing, outOfMemory, crashes, crashesLater, neverReady, readyLate,
        sick

    /// A valid version with this fate, for example `1.2.0-rc-bad000500000…`.
    public func version(_ numbers: String = "1.0.0", channel: String = "rc") -> String {
        let sha = self == .runs ? "c0ffee" : "bad000\(rawValue)"
        return "\(numbers)-\(channel)-\(sha)\(String(repeating: "0", count: 40 - sha.count))"
    }
}
