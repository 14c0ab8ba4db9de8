/// Reads YAML, and JSON as its subset, as far as Descry's files need it: scalars, lists and mappings.
public enum YAML {
    /// The root node of the file.
    ///
    /// Refused, all in one run: what is no YAML, more than one document or none, anchors, aliases, merge keys, tags, `%TAG`
    /// directives, duplicate keys, lists or mappings as keys, and everything beyond `limits`. A UTF-8 byte order mark and
    /// CRLF are accepted.
    ///
    /// A decoder that wants to name its own problems in the same run uses ``Document`` instead.
    public static func parse(
        _ bytes: [UInt8], file: String, limits: YAMLLimits = .descriptor
    ) throws(Refused) -> Node {
        let document = Document(bytes, file: file, limits: limits)
        try document.finish()
        guard let root = document.root else { throw Refused(document.diagnostics) }
        return root
    }
}
