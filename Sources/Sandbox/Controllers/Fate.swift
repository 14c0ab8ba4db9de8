/// What becomes of a container. A word in its image's tag chooses, or the first digits of the SHA that the tag ends in;
/// the annotation `sandbox.descry.dev/fate` of the pod chooses for all of its containers.
enum Fate: String, CaseIterable, Sendable {
    /// Cannot be pulled. `bad`, `bad0001…`
    case neverPulls = "bad"
    /// Its Secret is missing. `config`, `bad0002…`
    case misconfigured = "config"
    /// Its entry point is missing. `exec`, `bad0003…`
    case cannotStart = "exec"
    /// Killed for memory at once, again and again. `oom`, `bad0004…`
    case outOfMemory = "oom"
    /// Exits at once with 1, again and again. `crash`, `bad0005…`
    case crashes = "crash"
    /// Runs and is ready for a while, then crashes. `crashlater`, `bad0006…`
    case crashesLater = "crashlater"
    /// Runs and never becomes ready. `unready`, `bad0007…`
    case neverReady = "unready"
    /// Runs, and becomes ready later. `slow`, `bad0008…`
    case readyLate = "slow"
    /// Runs and is ready, and answers by HTTP that it is not healthy. `sick`, `bad0009…`
    case sick

    static let annotation = "sandbox.descry.dev/fate"

    /// Nil where the container runs and is ready, as with any other tag.
    init?(image: String) {
        let path = image.prefix { $0 != "@" }.split(separator: "/").last ?? ""
        let words = path.drop { $0 != ":" }.dropFirst().split(omittingEmptySubsequences: false) {
            $0 == "-" || $0 == "."
        }
        let found = Self.allCases.enumerated().first { index, fate in
            words.contains { $0 == fate.rawValue } || words.last?.hasPrefix("bad000\(index + 1)") == true
        }
        guard let found else { return nil }
        self = found.element
    }

    /// What becomes of one of the pod's containers, init containers aside.
    init?(of container: JSONValue, in pod: JSONValue) {
        if let chosen = pod["metadata", "annotations", Self.annotation]?.string {
            self.init(rawValue: chosen)
        } else {
            self.init(image: container["image"]?.string ?? "")
        }
    }

    /// `docker/distribution`'s grammar of references, as far as it matters here.
    static func isReference(_ image: String) -> Bool {
        let reference =
            #/(?:[A-Za-z0-9.\-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/\-]+[a-z0-9]+)*(?::\w[\w.\-]{0,127})?(?:@sha256:[0-9a-f]{64})?/#
        return image.wholeMatch(of: reference) != nil
    }
}
