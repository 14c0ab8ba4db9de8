/// `descry/VERSION (OS/ARCHITECTURE)`, with Go's names for both, as kubectl has them.
enum UserAgent {
    static func text(version: String) -> String { "descry/\(version) (\(system)/\(architecture))" }

    private static var system: String {
        #if os(Linux)
            "linux"
        #elseif os(macOS)
            "darwin"
        #else
            "unknown"
        #endif
    }

    private static var architecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}
