/// All objects of a list, gathered over its pages.
public struct ResourceList<Item: Sendable>: Sendable {
    public var items: [Item]
    /// The moment of the list in the server's history: what a watch continues from. Opaque.
    public var resourceVersion: String

    public init(items: [Item], resourceVersion: String) {
        self.items = items
        self.resourceVersion = resourceVersion
    }
}

extension ResourceList: Equatable where Item: Equatable {}
