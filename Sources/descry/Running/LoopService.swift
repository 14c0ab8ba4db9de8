import Logging
import Reconciling
import ServiceLifecycle
import UnixSignals

/// The loop as a service: follows the folder of environment files until the process is to end, and then drains.
struct LoopService: Service {
    let loop: Loop
    let configuration: RunConfiguration
    let folder: EnvironmentFolder
    let forge: LoopForge
    let reporter: ForgeReporter
    let logger: Logger

    func run() async throws {
        let telling = Task { await forge.run() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await followFolder() }
            group.addTask { await reloadOnHangUp() }
            do { try await gracefulShutdown() } catch {
                // Cancelled: then it ends all the same, as well as time allows.
                logger.debug("The loop was cancelled")
            }
            group.cancelAll()
        }
        logger.notice("Draining")
        await configuration.end()
        if await !loop.drain() {
            logger.warning("Some environments did not end in time; their leases end by themselves")
        }
        forge.finish()
        await telling.value
        await reporter.close(within: .seconds(1))
        logger.notice("Drained")
    }

    private func followFolder() async {
        for await reading in FolderWatch(folder) { await configuration.take(reading) }
    }

    private func reloadOnHangUp() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            logger.notice("Reloading")
            await configuration.take(folder.read())
            await loop.wake(WakeHint(environments: configuration.names, reason: .reload))
        }
    }
}
