/// A JSON patch (RFC 6902), as `kubectl patch --type=json` sends it.
enum JSONPatch {
    /// - Throws: `StatusError`: 422 where an operation does not fit the object, which the API server does not tell more about;
    ///   400 where the patch is none.
    static func apply(_ patch: JSONValue, to original: JSONValue) throws(StatusError) -> JSONValue {
        guard let operations = patch.array else { throw .badRequest("the body is not a JSON patch") }
        var object = original
        for operation in operations {
            guard let name = operation["op"]?.string, let path = operation["path"]?.string.map(tokens) else {
                throw .badRequest("the body is not a JSON patch")
            }
            let from = operation["from"]?.string.map(tokens)
            let value = operation["value"] ?? .null
            switch name {
            case "add": try object.add(value, at: path)
            case "replace":
                try object.remove(path)
                try object.add(value, at: path)
            case "remove": try object.remove(path)
            case "test": guard try object.value(at: path) == value else { throw rejected }
            case "copy": try object.add(object.value(at: from ?? []), at: path)
            case "move":
                let moved = try object.value(at: from ?? [])
                try object.remove(from ?? [])
                try object.add(moved, at: path)
            default: throw rejected
            }
        }
        return object
    }

    fileprivate static let rejected = StatusError(
        code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request")

    /// The reference tokens of a JSON pointer (RFC 6901).
    private static func tokens(_ pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { String($0).replacing("~1", with: "/").replacing("~0", with: "~") }
    }
}

extension JSONValue {
    fileprivate func value(at path: [String]) throws(StatusError) -> JSONValue {
        var value = self
        for token in path {
            var holder = value
            value = try holder.take(token)
        }
        return value
    }

    fileprivate mutating func add(_ value: JSONValue, at path: [String]) throws(StatusError) {
        try edit(path) { (holder, token) throws(StatusError) in try holder.insert(value, at: token) }
    }

    fileprivate mutating func remove(_ path: [String]) throws(StatusError) {
        try edit(path) { (holder, token) throws(StatusError) in _ = try holder.take(token) }
    }

    /// Changes what holds the last token of the path.
    fileprivate mutating func edit(
        _ path: [String], _ change: (inout JSONValue, String) throws(StatusError) -> Void
    ) throws(StatusError) {
        guard let token = path.first else { throw JSONPatch.rejected }
        guard path.count > 1 else { return try change(&self, token) }
        var child = try value(at: [token])
        try child.edit(Array(path.dropFirst()), change)
        if case .array(var items) = self, let index = Int(token) {
            items[index] = child
            self = .array(items)
        } else {
            self[token] = child
        }
    }

    /// Takes out a field or an item.
    fileprivate mutating func take(_ token: String) throws(StatusError) -> JSONValue {
        if case .array(var items) = self {
            guard let index = Int(token), items.indices.contains(index) else { throw JSONPatch.rejected }
            let item = items.remove(at: index)
            self = .array(items)
            return item
        }
        guard let value = self[token] else { throw JSONPatch.rejected }
        self[token] = nil
        return value
    }

    /// Sets a field, or puts an item into a list before the one at that index, or at its end.
    fileprivate mutating func insert(_ value: JSONValue, at token: String) throws(StatusError) {
        switch self {
        case .array(var items):
            guard let index = token == "-" ? items.count : Int(token), (0...items.count).contains(index) else {
                throw JSONPatch.rejected
            }
            items.insert(value, at: index)
            self = .array(items)
        case .object: self[token] = value
        default: throw JSONPatch.rejected
        }
    }
}
