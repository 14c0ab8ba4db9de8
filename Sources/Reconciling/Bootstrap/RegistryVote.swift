import Descriptors
import Workloads

/// The registry that most images with a version share, for whom nobody names one.
///
/// An image that ends with its workload's name counts first: an app's image is `REGISTRY/NAME` unless its descriptor says
/// otherwise. Of equals the first in the order of their letters is taken, so that one cluster always gives one answer.
struct RegistryVote: Sendable {
    /// Nil where no image has a version.
    let winner: ImageRepository?
    /// How many images lie there, and how many have a version.
    let count: Int
    let total: Int

    init(_ workloads: some Sequence<Workload>) {
        var votes: [String: (named: Int, all: Int)] = [:]
        var total = 0
        for workload in workloads {
            for container in workload.containers + workload.initContainers {
                let image = container.image
                guard image.digest == nil, let tag = image.tag, WorkloadChoice.version(tag) != nil,
                    let slash = image.repository.lastIndex(of: "/")
                else { continue }
                let isNamed = image.repository[image.repository.index(after: slash)...] == workload.key.name
                votes[String(image.repository[..<slash]), default: (0, 0)].all += 1
                if isNamed { votes[String(image.repository[..<slash])]?.named += 1 }
                total += 1
            }
        }
        let order = votes.sorted { ($1.value.named, $1.value.all, $0.key) < ($0.value.named, $0.value.all, $1.key) }
        let best = order.lazy.compactMap { text, votes in Self.registry(text).map { ($0, votes.all) } }.first
        (winner, count, self.total) = (best?.0, best?.1 ?? 0, total)
    }

    private static func registry(_ text: String) -> ImageRepository? {
        do throws(ImageRepositoryError) { return try ImageRepository(registry: text) } catch { return nil }
    }
}
