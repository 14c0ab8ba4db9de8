/// Maps with at most `limit` calls of `transform` under way; the results come in the order of the elements.
package func concurrentMap<Element: Sendable, Result: Sendable>(
    _ elements: [Element], limit: Int, _ transform: @escaping @Sendable (Element) async throws -> Result
) async rethrows -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results: [Result?] = Array(repeating: nil, count: elements.count)
        for (index, element) in elements.enumerated() {
            if index >= limit, let (finished, result) = try await group.next() { results[finished] = result }
            group.addTask { (index, try await transform(element)) }
        }
        for try await (index, result) in group { results[index] = result }
        return results.compactMap { $0 }
    }
}
