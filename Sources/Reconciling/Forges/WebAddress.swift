import FoundationEssentials

/// The text is no URL of the form `http[s]://HOST[:PORT][/PATH]`.
struct InvalidURL: Error {}

/// A URL that something is sent to: without user, query and fragment, and without a slash at its end.
struct WebAddress: Sendable, Hashable {
    let text: String
    let isEncrypted: Bool
    /// Without brackets where it is an IPv6 address, in lower case.
    let host: String
    let port: Int?
    /// Empty, or beginning with a slash; percent-encoded.
    let path: String

    init(_ text: String) throws(InvalidURL) {
        let form =
            #/(https?)://([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?((?:/[A-Za-z0-9._~%!$&'()*+,;=:@\-]*)*)/#
        guard let match = text.wholeMatch(of: form) else { throw InvalidURL() }
        let port = match.3.flatMap { Int($0) }
        if match.3 != nil { guard let port, (1...65535).contains(port) else { throw InvalidURL() } }
        var trimmed = text
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        var path = String(match.4)
        while path.hasSuffix("/") { path.removeLast() }
        self.text = trimmed
        isEncrypted = match.1 == "https"
        host = match.2.filter { $0 != "[" && $0 != "]" }.lowercased()
        self.port = port
        self.path = path
    }

    /// Only this machine sees what is sent there.
    var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4Loopback = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isIPv4Loopback || host == "localhost" || host == "::1"
    }
}

/// A link with places for what it is about: `https://grafana.example.com/d/descry?var-environment={environment}`.
public struct LinkTemplate: Sendable, Hashable {
    private let text: String

    static let places = ["environment", "namespace", "branch", "commit"]

    init(_ text: String) throws(SettingProblem) {
        if RepositoryText.holdsCredentials(text) {
            throw SettingProblem(
                "credentials-in-url", "the link holds credentials", hint: "Remove everything before the @",
                hidesSource: true)
        }
        let form =
            #/https?://(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?:[/?#](?:[!-z|~]|\{(?:environment|namespace|branch|commit)\})*)?/#
        guard let match = text.wholeMatch(of: form), match.1.map({ (1...65535).contains(Int($0) ?? 0) }) ?? true else {
            throw SettingProblem(
                "invalid-url", "\"\(text.prefix(80))\" is not a link",
                hint: "Write it as https://HOST[:PORT]/PATH; places are "
                    + Self.places.map { "{\($0)}" }.joined(separator: ", "))
        }
        self.text = text
    }

    /// The link, with every value percent-encoded.
    func filled(environment: String, namespace: String, branch: String, commit: String) -> String {
        let values = [environment, namespace, branch, commit]
        return zip(Self.places, values).reduce(text) { $0.replacing("{\($1.0)}", with: PercentEncoding.encode($1.1)) }
    }
}

/// Percent-encoding by RFC 3986, of everything that is not unreserved, a slash included.
enum PercentEncoding {
    static func encode(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "-._~".unicodeScalars.contains(scalar)
            {
                result.unicodeScalars.append(scalar)
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    /// What stands for itself where a sequence is none of percent-encoding.
    static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
