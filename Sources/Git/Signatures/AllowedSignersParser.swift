import Documents

extension AllowedSigners {
    /// Reads a list of allowed signers. One line that can't be read refuses all of it, since a line that was passed over
    /// might be the one that somebody relies on.
    ///
    /// - Parameters:
    ///   - file: the name to print.
    ///   - localTime: the seconds since 1970 of a date and time without `Z`, which ssh-keygen reads in the system's time
    ///     zone; by default by the C library.
    /// - Throws: every problem with its line and column, codes `signers-syntax`, `signers-option`, `signers-time`,
    ///   `signers-key`, `signers-private-key`, `file-too-large`.
    public static func parse(
        _ bytes: [UInt8], file: String, localTime: @escaping (SignerTime) -> Int64? = { $0.local }
    ) throws(Refused) -> AllowedSigners {
        var parser = AllowedSignersParser(file: file, localTime: localTime)
        parser.read(bytes)
        let problems = parser.diagnostics
        if problems.contains(where: { $0.severity == .error }) { throw Refused(problems) }
        return AllowedSigners(file: file, entries: parser.entries, warnings: problems)
    }
}

/// Reads line after line, and notes what is wrong with each.
private struct AllowedSignersParser {
    let file: String
    let localTime: (SignerTime) -> Int64?
    var entries: [AllowedSigners.Entry] = []
    var diagnostics: [Diagnostic] = []

    private static let maximumSize = 4 << 20

    /// The place that is read, as it begins.
    private struct Place {
        let line: Int
        let start: Int
        let text: [UInt8]
    }

    init(file: String, localTime: @escaping (SignerTime) -> Int64?) {
        self.file = file
        self.localTime = localTime
    }

    mutating func read(_ bytes: [UInt8]) {
        guard bytes.count <= Self.maximumSize else {
            diagnostics.append(
                Diagnostic(
                    code: "file-too-large",
                    message: "the file has \(bytes.count) bytes, and at most \(Self.maximumSize) are read", file: file))
            return
        }
        var start = 0
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            var text = Array(line)
            if text.last == 0x0d { text.removeLast() }
            read(Place(line: index + 1, start: start, text: text))
            start += line.count + 1
        }
    }

    private mutating func read(_ place: Place) {
        var words = LineReader(place.text)
        words.skipBlanks()
        guard let first = words.peek, first != UInt8(ascii: "#") else { return }
        if place.text.starts(with: "-----BEGIN".utf8) {
            return report("signers-private-key", place, 0, "this is a key file, not a list of allowed signers", nil)
        }
        guard !place.text.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f }),
            let whole = String(validating: place.text, as: UTF8.self), !whole.isEmpty
        else { return report("signers-syntax", place, 0, "the line is no text in UTF-8", nil) }
        let start = words.offset
        let principals = words.word()
        guard let principals, let patterns = SignerPatterns(principals.text) else {
            return report(
                "signers-syntax", place, start,
                "the line must begin with the names of the signer",
                "Separate several by commas, and put names with spaces into double quotes")
        }
        guard var word = words.word() else { return missingKey(place, words.offset) }
        var options = SignerOptions()
        if !Self.isKeyType(word.text) {
            guard read(word, place, &options) else { return }
            guard let next = words.word() else { return missingKey(place, words.offset) }
            word = next
        }
        guard let base64 = words.word() else { return missingKey(place, words.offset) }
        add(patterns, options, word, base64, place)
    }

    private mutating func add(
        _ principals: SignerPatterns, _ options: SignerOptions, _ type: LineReader.Word, _ base64: LineReader.Word,
        _ place: Place
    ) {
        do throws(GitError) {
            let key = try SSHPublicKey(type: type.text, base64: base64.text)
            entries.append(
                AllowedSigners.Entry(
                    principals: principals, namespaces: options.namespaces, validAfter: options.validAfter,
                    validBefore: options.validBefore, isAuthority: options.isAuthority, key: key, line: place.line))
        } catch {
            let isHarmless = ["key-unsupported", "key-weak", "certificate-not-key"].contains(error.code)
            report(
                "signers-key", place, error.code == "key-malformed" ? base64.start : type.start, error.message,
                isHarmless ? "Signatures by it don't count" : error.hint, isHarmless ? .warning : .error)
        }
    }

    /// - Returns: false where an option is wrong, which has then been reported.
    private mutating func read(_ word: LineReader.Word, _ place: Place, _ options: inout SignerOptions) -> Bool {
        do throws(SignerOptions.Problem) {
            options = try SignerOptions(word.text, localTime: localTime)
            return true
        } catch {
            report(error.code, place, word.start + error.offset, error.message, error.hint)
            return false
        }
    }

    private mutating func missingKey(_ place: Place, _ offset: Int) {
        report(
            "signers-syntax", place, offset, "the line has no key",
            "Write NAMES, options if any, and the key as in its .pub file")
    }

    /// No line is shown: somebody may have named the wrong file, and that one may hold a secret.
    private mutating func report(
        _ code: String, _ place: Place, _ offset: Int, _ message: String, _ hint: String?,
        _ severity: Diagnostic.Severity = .error
    ) {
        let column = String(decoding: place.text.prefix(offset), as: UTF8.self).unicodeScalars.count + 1
        let position = Position(line: place.line, column: column, offset: place.start + offset)
        diagnostics.append(
            Diagnostic(severity: severity, code: code, message: message, hint: hint, file: file, position: position))
    }

    /// What stands behind the names is the type of a key if it could be one, as in OpenSSH; else it is options.
    private static func isKeyType(_ text: String) -> Bool {
        ["ssh-", "ecdsa-sha2-", "sk-", "webauthn-sk-"].contains { text.hasPrefix($0) } && !text.contains("=")
    }
}

/// Words between blanks, where double quotes keep blanks together.
private struct LineReader {
    struct Word {
        /// Without the quotes around the whole of it; those inside of options stay.
        let text: String
        /// Where it begins in the line, in bytes.
        let start: Int
    }

    private let text: [UInt8]
    private(set) var offset = 0

    init(_ text: [UInt8]) { self.text = text }

    var peek: UInt8? { offset < text.count ? text[offset] : nil }

    mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 { offset += 1 }
    }

    mutating func word() -> Word? {
        skipBlanks()
        let start = offset
        var isQuoted = false
        while let byte = peek, isQuoted || byte != 0x20 && byte != 0x09 {
            if byte == UInt8(ascii: "\\"), isQuoted, offset + 1 < text.count, text[offset + 1] == UInt8(ascii: "\"") {
                offset += 1
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            }
            offset += 1
        }
        guard offset > start, !isQuoted else { return nil }
        var bytes = text[start..<offset]
        if bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") {
            bytes = bytes.dropFirst().dropLast()
        }
        return Word(text: String(decoding: bytes, as: UTF8.self), start: start)
    }
}
