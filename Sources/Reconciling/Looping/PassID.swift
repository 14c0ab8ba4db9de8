import Logging

/// The id of the pass that the current task works for, so that every line it logs, in whatever part of the program, can be told
/// apart from those of other passes.
public enum PassID {
    @TaskLocal static var current: String?

    /// The name of the metadata's entry.
    public static let key = "reconcileID"

    /// For a log handler: adds the id wherever there is one.
    public static let metadata = Logger.MetadataProvider { current.map { [key: "\($0)"] } ?? [:] }

    /// A new one: 12 hex digits, unique enough for the lines of a day.
    static func make(_ chance: () -> Double) -> String {
        let number = UInt64(chance() * Double(1 << 48))
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }
}
