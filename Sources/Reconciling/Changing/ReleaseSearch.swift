import Descriptors
import Reporting

/// The release that belongs to a candidate: the version of the same numbers that another environment may run.
///
/// It was built from another commit, so that the candidate's proof is not its own. It is taken where a deployment has proven it, in
/// one environment or the other; else a person has to say so.
enum ReleaseSearch: Sendable {
    /// The one that is known, and what has proven it.
    case proven(AppVersion, by: Deployment, in: String)
    /// The one that is known, which no deployment has proven.
    case known(AppVersion)
    /// Several of the same numbers.
    case ambiguous([AppVersion])
    case unknown

    /// One environment's history, as far as the search reads it.
    struct Place: Sendable {
        let environment: String
        let history: DeploymentHistory
        /// The app's, there.
        let workload: String
    }

    /// - Parameters:
    ///   - candidate: such as `1.1.0-rc-020c8bb`.
    ///   - channels: what the release's channel may be.
    ///   - written: what descriptors say of the app.
    init(
        of candidate: AppVersion, channels: Set<AppVersion.Channel>, in places: [Place], written: [AppVersion]
    ) {
        var found = Set(written)
        for place in places {
            for app in place.history.deployments.lazy.flatMap(\.apps) where app.workload == place.workload {
                for text in [app.to, app.from].compactMap({ $0 }) {
                    // An image's tag may be anything; what is no version is no release.
                    do throws(AppVersionError) { found.insert(try AppVersion(text)) } catch { continue }
                }
            }
        }
        let releases = found.filter { release in
            channels.contains(release.channel) && release.hasSameNumbers(as: candidate)
        }.sorted { $0.text < $1.text }
        guard let release = releases.first else {
            self = .unknown
            return
        }
        guard releases.count == 1 else {
            self = .ambiguous(releases)
            return
        }
        for place in places {
            if case .proven(let deployment) = place.history.standing(of: release.text, for: place.workload) {
                self = .proven(release, by: deployment, in: place.environment)
                return
            }
        }
        self = .known(release)
    }
}
