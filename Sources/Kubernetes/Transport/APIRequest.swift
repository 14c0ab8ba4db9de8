import NIOHTTP1

/// One request to the API server, and what it is for, so that an error can say so.
struct APIRequest: Sendable {
    /// RBAC's words for a request: `patch statefulsets.apps "backend" in namespace shop`.
    struct Purpose: Sendable, Hashable, CustomStringConvertible {
        var verb: String
        /// With its group, as RBAC messages write it: `statefulsets.apps`, `pods`.
        var resource: String
        var name: String?
        var namespace: String?

        var description: String {
            "\(verb) \(resource)" + (name.map { " \"\($0)\"" } ?? "") + (namespace.map { " in namespace \($0)" } ?? "")
        }
    }

    var method: HTTPMethod = .GET
    /// Percent-encoded, starting with `/`. May have a query of its own where `query` is empty.
    var path: String
    /// Not encoded yet.
    var query: [(name: String, value: String)] = []
    var body: [UInt8]?
    var contentType = "application/json"
    var accept = "application/json"
    var purpose: Purpose

    /// Path and query as they are sent.
    var target: String {
        if query.isEmpty { return path }
        return path + "?"
            + query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
    }
}

/// Source of the rule: RFC 3986, section 2.3: everything but unreserved characters is encoded.
enum PercentEncoding {
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
