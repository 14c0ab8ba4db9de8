import FoundationEssentials
import Testing

@testable import Reporting

/// What `/proc` says, in the units of the metrics.
@Suite struct ProcessMetricsTests {
    private let units = ProcessMetrics.Units(ticks: 100, page: 4096)
    private let system = "cpu  1 2 3\nintr 5\nbtime 1763700000\nprocesses 9\n"

    @Test("The program's name may hold what separates the fields")
    func parsed() throws {
        let stat =
            "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 12345 104857600 2560 18446744073709551615\n"
        let metrics = try #require(
            ProcessMetrics(stat: stat, systemStat: system, units: units, openFiles: 7, fileLimit: 1024))
        #expect(metrics.cpuSeconds == 3)
        #expect(metrics.startTime == 1_763_700_123.45)
        #expect(metrics.virtualBytes == 104_857_600)
        #expect(metrics.residentBytes == 10_485_760)
        #expect(metrics.openFiles == 7)
    }

    @Test(arguments: ["", "42", "42 (a) S 1 2 3", "42 (a"])
    func unreadable(stat: String) {
        #expect(ProcessMetrics(stat: stat, systemStat: system, units: units, openFiles: 0, fileLimit: nil) == nil)
    }

    #if os(Linux)
        @Test("This process has begun, uses memory, and has files open")
        func own() throws {
            let metrics = try #require(ProcessMetrics.read())
            let now = Date().timeIntervalSince1970
            #expect(metrics.startTime > now - 24 * 3600 && metrics.startTime < now + 2)
            #expect(metrics.residentBytes > 1_048_576 && metrics.residentBytes < metrics.virtualBytes)
            #expect(metrics.openFiles >= 3 && metrics.openFiles <= metrics.fileLimit ?? 0)
            #expect(metrics.cpuSeconds > 0)
        }
    #endif
}
