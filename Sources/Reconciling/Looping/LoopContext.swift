import Logging
import Reporting

/// What all environments of one replica share.
struct LoopContext: Sendable {
    let settings: LoopSettings
    let holder: LeaseHolder
    let claim: LeaseClaim
    let leases: LeaseCounts
    let connections: LoopConnections
    let slots: PassSlots
    let time: LoopTime
    let logger: Logger
    let runner: Deployment.Runner
    let tell: @Sendable (LoopEvent) -> Void
}
