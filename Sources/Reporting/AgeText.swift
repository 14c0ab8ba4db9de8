import FoundationEssentials

/// Ages as `kubectl get` prints them: `42s`, `5m`, `3h20m`, `3d4h`, `250d`, `2y3d`.
///
/// Source: `HumanDuration` of `k8s.io/apimachinery/pkg/util/duration`.
enum AgeText {
    static func format(since date: Date, now: Date) -> String {
        let seconds = Int(now.timeIntervalSince(date).rounded(.down))
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        return switch seconds {
        // The cluster's history is written by other machines, whose clocks may be ahead.
        case ..<0: "0s"
        case ..<120: "\(seconds)s"
        case ..<600: pair(minutes, "m", seconds % 60, "s")
        case ..<(3 * 3600): "\(minutes)m"
        case ..<(8 * 3600): pair(hours, "h", minutes % 60, "m")
        case ..<(48 * 3600): "\(hours)h"
        case ..<(8 * 86400): pair(days, "d", hours % 24, "h")
        case ..<(2 * 365 * 86400): "\(days)d"
        case ..<(8 * 365 * 86400): pair(days / 365, "y", days % 365, "d")
        default: "\(days / 365)y"
        }
    }

    private static func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
        "\(large)\(largeUnit)" + (small == 0 ? "" : "\(small)\(smallUnit)")
    }
}
