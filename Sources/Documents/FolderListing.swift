#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is in a folder, with the operating system's reason where that cannot be told.
public enum FolderListing {
    /// All names but `.` and `..`, sorted.
    public static func names(in folder: String) throws(BoundedFile.Problem) -> [String] {
        guard let stream = opendir(folder) else { throw .system(String(cString: strerror(errno))) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // Only this tells an error from the end (readdir(3)).
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .system(String(cString: strerror(errno))) }
                return names.sorted()
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// What a symbolic link says, as it says it; nil for whatever is none.
    public static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
