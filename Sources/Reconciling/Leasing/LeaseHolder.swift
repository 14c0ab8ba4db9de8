import FoundationEssentials
import Reporting

/// Who holds a lease, or wants to: what stands in its `holderIdentity`, for people to read and for holders to tell each other
/// apart. No two processes have the same.
public struct LeaseHolder: Sendable, Hashable, CustomStringConvertible {
    public let identity: String

    /// - Parameter identity: anything but nothing; what is not printable is left out, and no more than 250 characters are kept.
    public init(identity: String) {
        let printable = String(
            String.UnicodeScalarView(identity.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }))
        self.identity = printable.isEmpty ? "descry" : String(printable.prefix(250))
    }

    public var description: String { identity }

    /// A replica of the loop: the name it is given, else `POD_NAME` and `POD_UID`, else the host. A name given by hand, or a host's,
    /// may be in use twice, so chance makes it one's own.
    public static func replica(_ name: String?, _ variables: [String: String]) -> LeaseHolder {
        func variable(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let name = name ?? variable("DESCRY_REPLICA") { return LeaseHolder(identity: "\(name)_\(chance())") }
        if let pod = variable("POD_NAME") {
            return LeaseHolder(identity: "\(pod)_\(variable("POD_UID") ?? chance())")
        }
        return LeaseHolder(identity: "\(ProcessInfo.processInfo.hostName)_\(chance())")
    }

    /// A command: the CI server's build, else the user and the host, and a number of its own, since one build may run several.
    public static func command(_ variables: [String: String]) -> LeaseHolder {
        let runner = Deployment.Runner(variables)
        let person = [runner.user, runner.host].compactMap { $0 }.joined(separator: "@")
        return LeaseHolder(identity: "\(runner.build ?? person)_\(chance())")
    }

    private static func chance() -> String {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
