/// Descry's own version (Semantic Versioning 2.0.0), as `descry --version` and the user agent tell it.
enum Version {
    static let text = "0.1.0"
}
