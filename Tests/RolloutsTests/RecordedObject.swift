struct RecordedRollout: Decodable {
    struct Target: Decodable {
        let kind: String
        let name: String
        let uid: String
        let generation: Int64
        let images: [String: String]
    }

    struct Event: Decodable {
        /// Milliseconds since the patch.
        let at: Int
        let type: String
        let object: RecordedObject
    }

    let target: Target
    let events: [Event]
}

/// The fields of pods and workloads that the rules read, under the API's names.
struct RecordedObject: Decodable {
    let metadata: Metadata
    let spec: Spec
    let status: Status?

    struct Metadata: Decodable {
        let name: String
        let uid: String
        let resourceVersion: String
        let generation: Int64?
        let labels: [String: String]?
        let annotations: [String: String]?
        let deletionTimestamp: String?
        let ownerReferences: [Owner]?
    }
    struct Owner: Decodable {
        let uid: String
        let name: String
        let controller: Bool?
    }
    struct Spec: Decodable {
        let replicas: Int?
        let paused: Bool?
        let minReadySeconds: Int?
        let podManagementPolicy: String?
        let selector: Selector?
        let strategy: Strategy?
        let updateStrategy: Strategy?
        let template: Template?
        let containers: [Container]?
        let initContainers: [Container]?
    }
    struct Selector: Decodable {
        let matchLabels: [String: String]?
    }
    struct Strategy: Decodable {
        let type: String
        let rollingUpdate: RollingUpdate?
    }
    struct RollingUpdate: Decodable {
        let partition: Int?
    }
    struct Template: Decodable {
        let spec: PodSpec
    }
    struct PodSpec: Decodable {
        let containers: [Container]
        let initContainers: [Container]?
    }
    struct Container: Decodable {
        let name: String
        let image: String
    }
    struct Status: Decodable {
        let observedGeneration: Int64?
        let replicas: Int?
        let readyReplicas: Int?
        let updatedReplicas: Int?
        let availableReplicas: Int?
        let currentRevision: String?
        let updateRevision: String?
        let desiredNumberScheduled: Int?
        let currentNumberScheduled: Int?
        let numberReady: Int?
        let numberAvailable: Int?
        let updatedNumberScheduled: Int?
        let phase: String?
        let reason: String?
        let message: String?
        let conditions: [Condition]?
        let containerStatuses: [ContainerStatus]?
        let initContainerStatuses: [ContainerStatus]?
    }
    struct Condition: Decodable {
        let type: String
        let status: String
        let reason: String?
        let message: String?
    }
    struct ContainerStatus: Decodable {
        let name: String
        let ready: Bool
        let restartCount: Int
        let state: State?
        let lastState: State?
    }
    struct State: Decodable {
        let waiting: Waiting?
        let running: Running?
        let terminated: Terminated?
    }
    struct Waiting: Decodable {
        let reason: String?
        let message: String?
    }
    struct Running: Decodable {
        let startedAt: String?
    }
    struct Terminated: Decodable {
        let reason: String?
        let message: String?
        let exitCode: Int
        let signal: Int?
    }
}
