import Documents
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the operating system says about this process, in the units of the metrics.
struct ProcessMetrics: Sendable, Hashable {
    var cpuSeconds: Double
    var residentBytes: Double
    var virtualBytes: Double
    var startTime: Double
    var openFiles: Double
    /// Nil where there is none.
    var fileLimit: Double?

    /// Nil where the system has no such `/proc` as Linux.
    static func read() -> ProcessMetrics? {
        #if os(Linux)
            do {
                let text = { (path: String) in
                    String(decoding: try BoundedFile.read(path, limit: 1 << 20), as: UTF8.self)
                }
                let units = Units(
                    ticks: Double(sysconf(Int32(_SC_CLK_TCK))), page: Double(sysconf(Int32(_SC_PAGESIZE))))
                var limit = rlimit()
                let isLimited = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
                // One of the entries is the descriptor that lists them.
                let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count - 1
                return ProcessMetrics(
                    stat: try text("/proc/self/stat"), systemStat: try text("/proc/stat"), units: units,
                    openFiles: files, fileLimit: isLimited ? Double(limit.rlim_cur) : nil)
            } catch {
                return nil  // a container may hide /proc; the other metrics are worth having all the same
            }
        #else
            return nil
        #endif
    }

    /// What the kernel counts in.
    struct Units {
        /// Clock ticks a second.
        var ticks: Double
        /// Bytes a page of memory.
        var page: Double
    }

    /// Source: proc(5). The second field of `stat`, the program's name, may hold spaces and parentheses, so fields are counted
    /// from the last closing one.
    init?(stat: String, systemStat: String, units: Units, openFiles: Int, fileLimit: Double?) {
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace)
        // Field n of proc(5) is at n - 3.
        let field = { (number: Int) in number - 3 < fields.count ? Double(fields[number - 3]) : nil }
        let boot = systemStat.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap {
            Double($0.dropFirst(6))
        }
        guard let user = field(14), let system = field(15), let start = field(22), let size = field(23),
            let pages = field(24), let boot
        else { return nil }
        cpuSeconds = (user + system) / units.ticks
        residentBytes = pages * units.page
        virtualBytes = size
        startTime = boot + start / units.ticks
        self.openFiles = Double(openFiles)
        self.fileLimit = fileLimit
    }

    func record(in registry: inout MetricRegistry) {
        registry.set(.processCPU, to: cpuSeconds)
        registry.set(.processResidentMemory, to: residentBytes)
        registry.set(.processVirtualMemory, to: virtualBytes)
        registry.set(.processStart, to: startTime)
        registry.set(.processOpenFiles, to: openFiles)
        if let fileLimit { registry.set(.processFileLimit, to: fileLimit) }
    }
}
