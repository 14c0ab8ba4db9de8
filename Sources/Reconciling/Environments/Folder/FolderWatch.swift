/// The readings of a folder of environment files: the first at once, a further one whenever it says something else.
///
/// It looks by itself every few seconds, since a mounted ConfigMap changes by exchanging a link, which many file systems
/// announce to nobody. What is compared is the contents, so no clock and no time stamp of a file matters. It ends by
/// cancellation only.
public struct FolderWatch: AsyncSequence, Sendable {
    public typealias Element = FolderReading

    public let folder: EnvironmentFolder
    let sleep: @Sendable () async throws -> Void

    /// - Parameter interval: between two looks.
    public init(
        _ folder: EnvironmentFolder, every interval: Duration = .seconds(5),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.folder = folder
        sleep = { try await clock.sleep(for: interval) }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(watch: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let watch: FolderWatch
        private var last: FolderReading?

        init(watch: FolderWatch) { self.watch = watch }

        /// - Returns: nil once the task is cancelled.
        public mutating func next() async -> FolderReading? {
            guard let last else {
                let first = watch.folder.read()
                self.last = first
                return first
            }
            while true {
                do { try await watch.sleep() } catch { return nil }
                guard let reading = watch.folder.read(unlessAs: last) else { continue }
                self.last = reading
                return reading
            }
        }
    }
}
