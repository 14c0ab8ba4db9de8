/// Whether one commit is an ancestor of another, as far as the commits at hand can tell.
public enum Ancestry: Sendable, Hashable {
    /// It is; a commit counts as its own ancestor, as in `git merge-base --is-ancestor`.
    case ancestor
    /// It is not: every line of descent was followed to its beginning.
    case unrelated
    /// The history at hand is shallow and ends before the question is settled.
    case unknown
}
