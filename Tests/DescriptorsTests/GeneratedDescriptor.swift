/// A descriptor put together at random from everything that YAML and JSON allow between and around versions, as pieces of text with
/// the versions apart.
struct GeneratedDescriptor {
    private enum Piece {
        case text(String)
        case version(app: String)
    }

    private var pieces: [Piece] = []
    private(set) var oldVersions: [String: String] = [:]
    /// Those that are to change: at least one app.
    private(set) var newVersions: [String: String] = [:]
    private var random: SplitMix
    private let lineEnd: String
    private let hasMark: Bool
    private let hasFinalLineEnd: Bool

    init(seed: UInt64) {
        random = SplitMix(state: seed)
        lineEnd = random.chance(3) ? "\r\n" : "\n"
        hasMark = random.chance(4)
        hasFinalLineEnd = !random.chance(4)
        let names = (0..<random.below(8) + 1).map { "app-\($0)" }
        for name in names {
            oldVersions[name] = version()
            if random.chance(2) { newVersions[name] = version() }
        }
        if newVersions.isEmpty { newVersions[names[0]] = "9.9.9-release-0123456789" }
        for name in names where newVersions[name] == oldVersions[name] { newVersions[name] = nil }
        switch random.below(3) {
        case 0: json(names)
        case 1: flow(names)
        default: block(names)
        }
    }

    func text(changed: Bool) -> [UInt8] {
        var text = pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .version(let app): (changed ? newVersions[app] : nil) ?? oldVersions[app] ?? ""
            }
        }.joined()
        if !hasFinalLineEnd { while text.hasSuffix("\n") { text.removeLast() } }
        text = text.replacing("\n", with: lineEnd)
        return (hasMark ? [0xEF, 0xBB, 0xBF] : []) + Array(text.utf8)
    }

    private mutating func version() -> String {
        let numbers = (0..<3).map { _ in String(random.below(random.chance(5) ? 1_000_000 : 12)) }
        let channel = random.chance(2) ? "rc" : "release"
        let sha = (0..<random.below(58) + 7).map { _ in String(random.below(16), radix: 16) }.joined()
        return numbers.joined(separator: ".") + "-\(channel)-\(sha)"
    }

    /// A comment that looks like what it isn't.
    private mutating func comment() -> String {
        let old = oldVersions.values.sorted().first ?? ""
        return [
            "# plain", "# version: \(old)", "# &anchor *alias <<: !tag", "# 日本語 – émoji 🚀 \u{301}", "#",
            "# \"quotes' {[",
            "# App: \(old) # twice",
        ][random.below(7)]
    }

    private mutating func add(_ text: String) { pieces.append(.text(text)) }

    private mutating func quote() -> String { ["", "'", "\""][random.below(3)] }

    private mutating func block(_ names: [String]) {
        if random.chance(3) { add("\(comment())\n\n") }
        if random.chance(5) { add("---\n") }
        add("apps:\(random.chance(4) ? "  \(comment())" : "")\n")
        let indent = String(repeating: " ", count: random.below(4))
        for name in names {
            if random.chance(4) { add("\(indent)\(comment())\n") }
            if random.chance(6) { add("\n") }
            blockApp(name, indent)
        }
        if random.chance(4) { add("\(comment())\n") }
    }

    private mutating func blockApp(_ name: String, _ indent: String) {
        var fields = ["name", "version"]
        if random.chance(3) { fields.append("kind") }
        if random.chance(3) { fields.append("image") }
        if random.chance(4) { fields.append("timeout") }
        random.shuffle(&fields)
        for (index, field) in fields.enumerated() {
            add("\(indent)\(index == 0 ? "- " : "  ")")
            switch field {
            case "name": add("name: \(quotedName(name))")
            case "version": blockVersion(name, indent)
            case "kind": add("kind: Deployment")
            case "image": add("image: shop/\(name)-x")
            default: add("timeout: 5m")
            }
            add(random.chance(4) ? "   \(comment())\n" : "\n")
        }
    }

    private mutating func quotedName(_ name: String) -> String {
        let mark = quote()
        return mark + name + mark
    }

    private mutating func blockVersion(_ name: String, _ indent: String) {
        switch random.below(6) {
        case 0:
            // In a block scalar a comment can only stand in its header.
            add("version: \(random.chance(2) ? "|-" : ">-")\(random.chance(2) ? " \(comment())" : "")\n\(indent)      ")
            pieces.append(.version(app: name))
            add("\n\(indent)")
        case 1:
            add("version:\n\(indent)        ")
            pieces.append(.version(app: name))
        default:
            let mark = quote()
            add("version:\(String(repeating: " ", count: random.below(3) + 1))\(mark)")
            pieces.append(.version(app: name))
            add(mark)
        }
    }

    private mutating func flow(_ names: [String]) {
        add(random.chance(2) ? "apps: [" : "{apps:\n  [")
        let isRoot = pieces.contains { if case .text(let text) = $0 { text.hasPrefix("{") } else { false } }
        for name in names {
            add(random.chance(3) ? "\n    " : " ")
            let mark = quote()
            if random.chance(2) {
                add("{name: \(name), version: \(mark)")
                pieces.append(.version(app: name))
                add("\(mark)}, ")
            } else {
                add("{version: \(mark)")
                pieces.append(.version(app: name))
                add("\(mark),\n      name: \(name) },")
                if random.chance(3) { add(" \(comment())\n   ") }
            }
        }
        add(isRoot ? "  ]}\n" : "  ]\n")
    }

    private mutating func json(_ names: [String]) {
        let (space, line) = random.chance(2) ? ("", "") : (" ", "\n  ")
        add("{\(line)\"apps\":\(space)[")
        for (index, name) in names.enumerated() {
            add("\(index == 0 ? "" : ",")\(line){\"name\":\(space)\"\(name)\",\(space)\"version\":\(space)\"")
            pieces.append(.version(app: name))
            add("\"}")
        }
        add("]\(line)}\n")
    }
}

/// A small generator with a seed (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"), so that a failure can be
/// repeated.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True once in so many times.
    mutating func chance(_ bound: Int) -> Bool { below(bound) == 0 }

    mutating func shuffle(_ values: inout [String]) {
        for index in values.indices.dropFirst().reversed() { values.swapAt(index, below(index + 1)) }
    }
}
