import Git

/// The code of the `GitError` that a piece of work throws at once; nil where it throws none.
func refusal(of body: () throws -> Void) -> String? {
    do { try body() } catch { return (error as? GitError)?.code ?? "\(error)" }
    return nil
}
