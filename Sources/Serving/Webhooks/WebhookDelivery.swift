import HTTPTypes
import Reconciling

/// One request to a webhook's address, as it arrived: nothing of it is believed yet.
struct WebhookDelivery: Sendable {
    var provider: ForgeProvider
    var headers: HTTPFields
    var body: [UInt8]

    /// The value of a header that is there exactly once. One that is there twice says two things, so it says nothing.
    func header(_ name: String) -> String? {
        guard let name = HTTPField.Name(name) else { return nil }
        let values = headers[values: name]
        return values.count == 1 ? values[0] : nil
    }

    func has(_ name: String) -> Bool {
        HTTPField.Name(name).map { headers.contains($0) } ?? false
    }
}
