/// Finds a regular file in a commit, and says precisely why not where it can't be read.
struct FileReader {
    let store: ObjectStore
    let limit: Int

    /// - Throws: see ``GitRepository/file(at:in:)``.
    func file(at path: String, in commit: CommitID) throws(GitError) -> [UInt8] {
        let components = try Self.components(of: path)
        var tree = try self.tree(try History(store: store).commit(commit).tree)
        for (index, component) in components.enumerated() {
            guard let entry = tree[component] else {
                throw notFound(path, in: commit, at: components[..<index], component, tree)
            }
            let isLast = index == components.count - 1
            switch entry.mode {
            case .directory where isLast:
                throw .refused("path-is-directory", "\(path) is a folder in commit \(commit.short), not a file")
            case .directory: tree = try self.tree(entry.id)
            case .file where isLast: return try blob(entry.id, path: path, commit: commit)
            case .file: throw notFound(path, in: commit, at: components[..<index], component, tree)
            case .symlink:
                throw .refused(
                    "path-is-symlink",
                    "\(components[...index].joined(separator: "/")) is a symbolic link in commit \(commit.short)",
                    hint: "Links aren't followed: they could lead anywhere. Put the file itself there")
            case .submodule:
                throw .refused(
                    "path-is-submodule",
                    "\(components[...index].joined(separator: "/")) is a submodule in commit \(commit.short)",
                    hint: "Submodules aren't fetched. Put the file into this repository, or name the other one")
            }
        }
        throw .refused("path-invalid", "The path of the file is empty")
    }

    /// The parts of a path inside a commit: relative, and without a way out.
    static func components(of path: String) throws(GitError) -> [String] {
        let components = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isPlain = components.allSatisfy { !["", ".", ".."].contains($0) && $0.lowercased() != ".git" }
        guard isPlain, path.utf8.count <= 4096, !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw .refused(
                "path-invalid", "“\(printable(path, limit: 200))” can't be a path in a repository",
                hint: "Use a relative path without “.”, “..” or empty parts, such as deploy-descriptor.yaml")
        }
        return components
    }

    private func tree(_ id: CommitID) throws(GitError) -> TreeObject {
        guard let object = try store.read(id), object.kind == .tree, let tree = TreeObject(object.bytes) else {
            throw ObjectStore.damaged(id)
        }
        return tree
    }

    private func blob(_ id: CommitID, path: String, commit: CommitID) throws(GitError) -> [UInt8] {
        guard let header = try store.header(id), header.kind == .blob else { throw ObjectStore.damaged(id) }
        guard header.size <= limit else {
            throw .refused(
                "file-too-large",
                "\(path) has \(header.size) bytes in commit \(commit.short); at most \(limit) are read")
        }
        guard let object = try store.read(id) else { throw ObjectStore.damaged(id) }
        guard !Self.isLFSPointer(object.bytes) else {
            throw .refused(
                "path-is-lfs-pointer",
                "\(path) is kept in Git LFS in commit \(commit.short); the repository has a pointer only",
                hint: "Take the file out of Git LFS (git lfs untrack) and commit it as it is")
        }
        return object.bytes
    }

    /// Source: the Git LFS specification, "The Pointer": shorter than 1,024 bytes, `version` first.
    static func isLFSPointer(_ bytes: [UInt8]) -> Bool {
        guard bytes.count < 1024 else { return false }
        return ["version https://git-lfs.github.com/spec/", "version https://hawser.github.com/spec/"]
            .contains { bytes.starts(with: $0.utf8) }
    }

    private func notFound(
        _ path: String, in commit: CommitID, at folder: ArraySlice<String>, _ missing: String, _ tree: TreeObject
    ) -> GitError {
        let names = tree.entries.map { printable($0.name, limit: 80) }
        let place = folder.isEmpty ? "the repository's root" : folder.joined(separator: "/") + "/"
        let hint: String
        if tree[missing] != nil {
            hint = "\((folder + [missing]).joined(separator: "/")) is a file, not a folder"
        } else if let near = names.first(where: { $0.lowercased() == missing.lowercased() }) {
            hint = "There is \((folder + [near]).joined(separator: "/")): case matters"
        } else if names.isEmpty {
            hint = "The commit holds no file at all"
        } else {
            let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
            hint = "In \(place) there is: \(shown)"
        }
        return .refused("file-not-found", "\(path) isn't there in commit \(commit.short)", hint: hint)
    }
}
