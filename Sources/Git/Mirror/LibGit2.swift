import CLibGit2

/// The rules for calling libgit2: it is initialised once, and an error's text is taken at once, on the thread of the
/// call, since the library keeps it per thread.
enum LibGit2 {
    /// Initialised by the first use and kept for the life of the process.
    private static let isInitialized: Bool = git_libgit2_init() > 0

    /// - Throws: `libgit2` (internal) where the library can't be initialised.
    static func prepare() throws(GitError) {
        guard isInitialized else { throw failure("libgit2 can't be initialised") }
    }

    /// Runs a call and throws `libgit2` (internal), with the library's words, where it doesn't return success.
    static func check(_ what: @autoclosure () -> String, _ call: () -> Int32) throws(GitError) {
        let status = call()
        guard status >= 0 else { throw failure(what()) }
    }

    /// What went wrong with a call that was just made.
    static func failure(_ what: String) -> GitError {
        let words = lastMessage()
        return .internal("libgit2", words.isEmpty ? what : "\(what): \(words)")
    }

    private static func lastMessage() -> String {
        guard let error = git_error_last(), let message = error.pointee.message else { return "" }
        defer { git_error_clear() }
        return printable(String(cString: message), limit: 300)
    }
}

extension CommitID {
    init(_ oid: git_oid) {
        var oid = oid
        var digits = [CChar](repeating: 0, count: Int(GIT_OID_HEXSZ))
        git_oid_fmt(&digits, &oid)
        self.init(hexadecimal: String(decoding: digits.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// libgit2's own form.
    var oid: git_oid {
        var oid = git_oid()
        // 40 hexadecimal digits, by construction: this can't fail.
        git_oid_fromstr(&oid, description)
        return oid
    }
}
