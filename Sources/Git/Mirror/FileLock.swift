#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An exclusive lock on a file, shared with other processes: `flock(2)`, which the kernel lets go of when its holder dies.
final class FileLock {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the lock, asking again and again since `flock` itself knows no deadline.
    ///
    /// - Throws: `cache-locked` (unreachable) at the deadline, `cache` (internal) where the file can't be made.
    nonisolated(nonsending) static func take(_ path: String, within deadline: Duration) async throws(GitError)
        -> FileLock
    {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Disk.failure("The lock file \(path) can't be made") }
        let lock = FileLock(descriptor: descriptor)
        let end = ContinuousClock.now + deadline
        var pause = Duration.milliseconds(5)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw Disk.failure("The lock file \(path) can't be locked")
            }
            guard ContinuousClock.now < end else {
                throw .unreachable(
                    "cache-locked", "Another process has held the cache folder's lock for \(deadline): \(path)",
                    hint: "Wait for it, or use another cache folder")
            }
            do { try await ContinuousClock().sleep(for: pause) } catch { throw .cancelled }
            pause = min(pause * 2, .milliseconds(100))
        }
        return lock
    }
}
