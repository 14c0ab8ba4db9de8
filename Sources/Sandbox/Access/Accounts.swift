import FoundationEssentials
import Synchronization

/// The tokens that are valid now, and what each of them allows.
final class Accounts: Sendable {
    private enum Access {
        case everything
        case rules(namespace: String, [AccessRule])
    }

    private let known = Mutex<[String: (account: Account, access: Access)]>([:])

    /// An account that may do everything.
    func administrator() -> Account {
        add(user: "system:serviceaccount:kube-system:administrator", .everything)
    }

    func account(_ name: String, namespace: String, rules: [AccessRule]) -> Account {
        add(user: "system:serviceaccount:\(namespace):\(name)", .rules(namespace: namespace, rules))
    }

    private func add(user: String, _ access: Access) -> Account {
        // The prefix lets a search find one that got into a log.
        let token = "sandbox-token-" + (UUID().uuidString + UUID().uuidString).replacing("-", with: "").lowercased()
        let account = Account(user: user, token: token)
        known.withLock { $0[token] = (account, access) }
        return account
    }

    /// From now on the account may do what these rules say instead.
    func change(_ account: Account, namespace: String, rules: [AccessRule]) {
        known.withLock { known in
            if known[account.token] != nil { known[account.token] = (account, .rules(namespace: namespace, rules)) }
        }
    }

    func revoke(_ account: Account) { known.withLock { $0[account.token] = nil } }

    func revokeAll() { known.withLock { $0 = [:] } }

    /// The account of an `Authorization` header; nil where it is none that is known.
    func account(authorization: String?) -> Account? {
        guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return nil }
        let token = String(authorization.dropFirst("bearer ".count))
        return known.withLock { $0[token]?.account }
    }

    func allows(_ account: Account, _ action: Action) -> Bool {
        switch known.withLock({ $0[account.token]?.access }) {
        case .everything: return true
        case .rules(let namespace, let rules):
            return action.namespace == namespace && rules.contains { $0.allows(action) }
        case nil: return false
        }
    }

    func isAdministrator(_ account: Account) -> Bool {
        known.withLock { if case .everything = $0[account.token]?.access { true } else { false } }
    }
}
