import FoundationEssentials
import Reporting

let sha = "020c8bb63785074bc3702c003333852fc8d9a343"
let commit = SyncReport.Commit(
    id: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", author: "Ada", time: Date(timeIntervalSince1970: 1_700_000_000),
    subject: "backend 1.1.0")

func app(_ name: String, _ outcome: AppReport.Outcome, failure: AppReport.Failure? = nil) -> AppReport {
    AppReport(
        app: name, workload: "statefulset/\(name)", outcome: outcome, from: "1.0.0-rc-\(sha)", to: "1.1.0-rc-\(sha)",
        wave: 1,
        changes: [
            .init(
                field: "spec.template.spec.containers[\(name)].image", from: "shop/\(name):1.0.0-rc-\(sha)",
                to: "shop/\(name):1.1.0-rc-\(sha)", reason: "version")
        ], failure: failure)
}

let pullFailure = AppReport.Failure(
    code: "image-pull", message: "Back-off pulling image \"shop/web:1.1.0\"", hint: "push the image", pod: "web-2",
    container: "web", reason: "ImagePullBackOff")

func report(
    _ command: SyncReport.Command, _ outcome: SyncReport.Outcome, _ apps: [AppReport], notes: [String] = []
) -> SyncReport {
    var report = SyncReport(
        command: command, environment: "DEV", namespace: "shop-dev", repository: "https://git.example.com/shop.git",
        branch: "DEV", descriptor: "deploy-descriptor.yaml", commit: commit,
        startedAt: Date(timeIntervalSince1970: 1_700_000_100),
        finishedAt: Date(timeIntervalSince1970: 1_700_000_112.34),
        outcome: outcome, apps: apps, notes: notes)
    report.seconds = 12.34
    return report
}
