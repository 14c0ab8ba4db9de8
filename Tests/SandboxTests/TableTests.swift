import Testing

@testable import Sandbox

/// Rows as `kubectl get` prints them.
@Suite struct TableTests {
    /// Ages change their unit where `kubectl` changes it.
    @Test(arguments: [
        (-5, "<invalid>"), (0, "0s"), (119, "119s"), (120, "2m"), (599, "9m59s"), (600, "10m"), (10_799, "179m"),
        (10_800, "3h"), (12_000, "3h20m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (691_199, "7d23h"),
        (691_200, "8d"), (63_072_000, "2y"), (70_000_000, "2y80d"), (400_000_000, "12y"),
    ])
    func `an age is short`(seconds: Int, text: String) {
        #expect(Age.text(seconds: seconds) == text)
    }

    /// The states a container can be in, and what becomes of a pod's row by them.
    @Test(
        arguments: [
            (["phase": "Pending"], "0/1", "Pending", 0),
            (
                ["phase": "Pending", "containerStatuses": [["state": ["waiting": ["reason": "ImagePullBackOff"]]]]],
                "0/1", "ImagePullBackOff", 0
            ),
            (
                [
                    "phase": "Running",
                    "containerStatuses": [["ready": true, "state": ["running": [:]], "restartCount": 2]],
                ], "1/1", "Running", 2
            ),
            (
                ["phase": "Running", "containerStatuses": [["ready": false, "state": ["running": [:]]]]], "0/1",
                "Running", 0
            ),
            (
                [
                    "phase": "Running",
                    "containerStatuses": [["state": ["terminated": ["reason": "OOMKilled", "exitCode": 137]]]],
                ], "0/1", "OOMKilled", 0
            ),
            (
                ["phase": "Failed", "containerStatuses": [["state": ["terminated": ["exitCode": 3]]]]], "0/1",
                "ExitCode:3", 0
            ),
            (
                [
                    "phase": "Pending",
                    "initContainerStatuses": [
                        ["state": ["waiting": ["reason": "CrashLoopBackOff"]], "restartCount": 4]
                    ],
                ], "0/1", "Init:CrashLoopBackOff", 4
            ),
            (["phase": "Pending", "initContainerStatuses": [["state": ["running": [:]]]]], "0/1", "Init:0/1", 0),
            (["phase": "Failed", "reason": "Evicted"], "0/1", "Evicted", 0),
        ] as [(JSONValue, String, String, Int)])
    func `a pod in three words`(status: JSONValue, ready: String, text: String, restarts: Int) {
        var pod: JSONValue = ["spec": ["containers": [["name": "a"]], "initContainers": [["name": "i"]]]]
        pod["status"] = status
        let summary = PodSummary(pod)
        #expect(summary.ready == ready)
        #expect(summary.status == text)
        #expect(summary.restarts == restarts)
        pod["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        #expect(PodSummary(pod).status == "Terminating")
    }

    @Test func `a row has a cell for each column, of every resource`() {
        for resource in APIResource.all {
            let table = Table.table(resource, [.object([:])], metadata: .object([:]), includeObject: "None")
            let columns = table["columnDefinitions"]?.array ?? []
            #expect(columns.first?["name"] == (resource == .events ? "Last Seen" : "Name"))
            #expect(table["rows"]?.array?.first?["cells"]?.array?.count == columns.count)
        }
    }
}
