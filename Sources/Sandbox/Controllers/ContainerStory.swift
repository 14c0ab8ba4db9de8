import Crypto
import FoundationEssentials

/// One container's statuses in time, as a kubelet with containerd writes them.
///
/// Reasons and messages: pkg/kubelet (`images/types.go`, `container/sync_result.go`, `kuberuntime_manager.go` doBackOff)
/// and containerd.
struct ContainerStory {
    enum State {
        case waiting(String, String? = nil)
        /// Waits after a try that ended so.
        case failedToStart(Ending)
        case running(isReady: Bool)
        case ended(Ending)
        case backOff(Ending, seconds: Int)
    }

    struct Ending {
        var reason: String
        var code: Int
        var message: String?
    }

    let image: String
    private let name: String
    private let uid: String
    /// `NAME_NAMESPACE(UID)`, as the back-off's message names the pod.
    private let podText: String
    private let isInit: Bool
    private var restarts: Int
    /// States still to come, with the seconds until the next.
    private var script: [(State, TimeInterval?)]
    private(set) var status: JSONValue = [:]
    private(set) var state: State = .waiting("ContainerCreating")
    /// When the next state begins.
    private(set) var due: Date?

    init(_ container: JSONValue, of pod: Pod, isInit: Bool, restarts: Int, timing: PodTiming, now: Date) {
        image = container["image"]?.string ?? ""
        name = container["name"]?.string ?? ""
        uid = pod.uid
        podText = "\(pod.name)_\(pod.key.namespace)(\(pod.uid))"
        self.isInit = isInit
        self.restarts = restarts
        let policy = pod.object["spec", "restartPolicy"]?.string ?? "Always"
        let fate = isInit ? Fate(image: image) : Fate(of: container, in: pod.object)
        script = Self.script(fate, image: image, name: name, policy: policy, isInit: isInit, timing)
        due = now
    }

    private static func script(
        _ fate: Fate?, image: String, name: String, policy: String, isInit: Bool, _ timing: PodTiming
    ) -> [(State, TimeInterval?)] {
        guard Fate.isReference(image) else {
            let message =
                "Failed to apply default image tag \"\(image)\": couldn't parse image reference \"\(image)\": invalid reference format"
            return [(.waiting("InvalidImageName", message), nil)]
        }
        let creating: (State, TimeInterval?) = (.waiting("ContainerCreating"), timing.start)
        switch fate {
        case .neverPulls:
            let message =
                "rpc error: code = NotFound desc = failed to pull and unpack image \"\(image)\": failed to resolve reference \"\(image)\": \(image): not found"
            return [
                creating, (.waiting("ErrImagePull", message), max(timing.start, 0.2)),
                (.waiting("ImagePullBackOff", "Back-off pulling image \"\(image)\""), nil),
            ]
        case .misconfigured:
            return [creating, (.waiting("CreateContainerConfigError", "secret \"\(name)-config\" not found"), nil)]
        case .cannotStart:
            let message =
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app\": stat /app: no such file or directory: unknown"
            let ending = Ending(reason: "StartError", code: 128, message: message)
            if policy == "Never" && !isInit { return [creating, (.ended(ending), nil)] }
            return [creating, (.failedToStart(ending), 0.3), (.backOff(ending, seconds: 10), 10)]
        case .outOfMemory: return [creating] + crashing(Ending(reason: "OOMKilled", code: 137))
        case .crashes: return [creating] + crashing(Ending(reason: "Error", code: 1))
        case .crashesLater:
            return [creating, (.running(isReady: true), timing.late)] + crashing(Ending(reason: "Error", code: 1))
        case _ where isInit || policy != "Always":
            let running: [(State, TimeInterval?)] = isInit ? [] : [(.running(isReady: true), timing.start)]
            return [creating] + running + [(.ended(Ending(reason: "Completed", code: 0)), nil)]
        case .neverReady: return [creating, (.running(isReady: false), nil)]
        case .readyLate: return [creating, (.running(isReady: false), timing.slow), (.running(isReady: true), nil)]
        case .sick, nil: return [creating, (.running(isReady: true), nil)]
        }
    }

    /// Ends, is restarted at once, ends again, and from then on waits longer and longer between the tries.
    private static func crashing(_ ending: Ending) -> [(State, TimeInterval?)] {
        [(.ended(ending), 0.3), (.backOff(ending, seconds: 10), 10)]
    }

    /// Goes on to the next state, if it is time.
    ///
    /// - Returns: true where the state is a new one.
    mutating func advance(at now: Date) -> Bool {
        guard let moment = due, moment <= now, !script.isEmpty else { return false }
        let wait: TimeInterval?
        (state, wait) = script.removeFirst()
        due = wait.map { now.addingTimeInterval($0) }
        if case .backOff(let ending, let seconds) = state {
            restarts += 1
            let longer = min(seconds * 2, 300)
            script = [(.backOff(ending, seconds: longer), Double(longer))]
        }
        status = status(at: now)
        return true
    }

    /// How often it was started again, for the one that takes its place when the image changes.
    var restartCount: Int { restarts }
    var isReady: Bool { status["ready"] == true }
    var exitCode: Int? { status["state", "terminated", "exitCode"]?.integer }

    static func initializing(_ container: JSONValue) -> JSONValue {
        [
            "name": container["name"] ?? "", "image": container["image"] ?? "", "imageID": "", "restartCount": 0,
            "ready": false, "started": false, "state": ["waiting": ["reason": "PodInitializing"]],
            "lastState": [:],
        ]
    }

    private func status(at now: Date) -> JSONValue {
        var status: JSONValue = [
            "name": .string(name), "image": .string(image), "imageID": "", "restartCount": .integer(Int64(restarts)),
            "ready": false, "started": false, "lastState": [:],
        ]
        var hasRun = true
        switch state {
        case .waiting(let reason, let message):
            hasRun = false
            status["state"] = waiting(reason, message)
        case .failedToStart(let ending):
            status["state"] = waiting("RunContainerError", ending.message)
            status["lastState"] = terminated(ending, now)
        case .running(let isReady):
            status["ready"] = .bool(isReady)
            status["started"] = true
            let since = self.status["state", "running", "startedAt"] ?? .string(Timestamp.text(now))
            status["state"] = ["running": ["startedAt": since]]
        case .ended(let ending):
            status["ready"] = .bool(isInit && ending.code == 0)
            status["state"] = terminated(ending, now)
        case .backOff(let ending, let seconds):
            let text = seconds >= 60 ? "\(seconds / 60)m\(seconds % 60)s" : "\(seconds)s"
            status["state"] = waiting(
                "CrashLoopBackOff", "back-off \(text) restarting failed container=\(name) pod=\(podText)")
            status["lastState"] = terminated(ending, now)
        }
        if hasRun {
            status["imageID"] = .string(imageID)
            status["containerID"] = .string(containerID)
        }
        return status
    }

    private func waiting(_ reason: String, _ message: String?) -> JSONValue {
        var value: JSONValue = ["reason": .string(reason)]
        value["message"] = message.map { .string($0) }
        return ["waiting": value]
    }

    private func terminated(_ ending: Ending, _ now: Date) -> JSONValue {
        let stamp = JSONValue.string(Timestamp.text(now))
        var value: JSONValue = [
            "reason": .string(ending.reason), "exitCode": .integer(Int64(ending.code)), "startedAt": stamp,
            "finishedAt": stamp, "containerID": .string(containerID),
        ]
        value["message"] = ending.message.map { .string($0) }
        return ["terminated": value]
    }

    private var imageID: String {
        if image.contains("@") { return image }
        let colon = image.lastIndex(of: ":")
        let repository = colon.flatMap { image[$0...].contains("/") ? nil : image[..<$0] } ?? image[...]
        return "\(repository)@sha256:\(Self.digest(image))"
    }

    private var containerID: String { "containerd://\(Self.digest("\(uid)/\(name)/\(restarts)"))" }

    private static func digest(_ text: String) -> String {
        let letters = Array("0123456789abcdef")
        return String(SHA256.hash(data: Data(text.utf8)).flatMap { [letters[Int($0 >> 4)], letters[Int($0 & 15)]] })
    }
}
