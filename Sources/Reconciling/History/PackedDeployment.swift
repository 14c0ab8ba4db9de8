import FoundationEssentials
import Reporting

/// A deployment of many apps in few bytes, and still to be read by a person: a ConfigMap holds 1 MiB, and some thousand apps as
/// JSON objects do not fit into it.
///
/// Most of what is kept of an app is the same for many: each such shape is there once, with placeholders for what is the app's
/// own, and each app is a line `SHAPE NAME UID TO FROM OUTCOME CODE FAILURE`, with `-` for what it has not.
struct PackedDeployment: Codable {
    /// Without apps.
    private var deployment: Deployment
    private var shapes: [Deployment.App]
    /// Not `apps`: a Descry that knows no packed ones must not take this for a deployment without any.
    private var packedApps: [String]

    init(_ whole: Deployment) {
        deployment = whole
        deployment.apps = []
        shapes = []
        packedApps = []
        var indices: [Deployment.App: Int] = [:]
        for app in whole.apps {
            let own = OwnTexts(app)
            let shape = own.shape(of: app)
            let index = indices[shape] ?? shapes.count
            if index == shapes.count {
                indices[shape] = index
                shapes.append(shape)
            }
            let end = [app.outcome?.rawValue, app.failureCode, app.failure].map { $0 ?? OwnTexts.none }
            packedApps.append(([String(index)] + own.fields + end).joined(separator: " "))
        }
    }

    /// Nil where a line is none of this version's.
    var whole: Deployment? {
        var whole = deployment
        for line in packedApps {
            guard let app = app(line) else { return nil }
            whole.apps.append(app)
        }
        return whole
    }

    private func app(_ line: String) -> Deployment.App? {
        let fields = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 8, let index = Int(fields[0]), shapes.indices.contains(index) else { return nil }
        var app = OwnTexts(fields: Array(fields[1...4])).app(of: shapes[index])
        if fields[5] != OwnTexts.none {
            guard let outcome = AppReport.Outcome(rawValue: fields[5]) else { return nil }
            app.outcome = outcome
        }
        app.failureCode = fields[6] == OwnTexts.none ? nil : fields[6]
        app.failure = fields[7] == OwnTexts.none ? nil : fields[7]
        return app
    }
}

/// What sets one app's entry apart from the others': its name, its workload's uid and its two versions.
private struct OwnTexts {
    static let none = "-"
    private static let nothing = [none, none, none, none]
    /// Of the private use area of Unicode: no name, image or version has them.
    private static let placeholders = ["\u{E000}", "\u{E001}", "\u{E002}", "\u{E003}"]

    /// In the order of the placeholders; `none` where the shape keeps the text itself.
    let fields: [String]

    init(fields: [String]) { self.fields = fields }

    init(_ app: Deployment.App) {
        let texts = [app.app, app.uid, app.to, app.from ?? Self.none]
        // What holds a space could not be told from two fields, and a placeholder of its own would be replaced later on.
        // Outside of ASCII, texts can be equal that are of different bytes.
        var isPlain = texts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
        _ = app.mapTexts { text in
            if text.unicodeScalars.contains(where: { (0xE000...0xE003).contains($0.value) }) { isPlain = false }
            return text
        }
        fields = isPlain ? texts : Self.nothing
    }

    func shape(of app: Deployment.App) -> Deployment.App {
        var shape = app
        (shape.outcome, shape.failureCode, shape.failure) = (nil, nil, nil)
        guard fields != Self.nothing else { return shape }
        return shape.mapTexts(shape(of:))
    }

    func app(of shape: Deployment.App) -> Deployment.App { shape.mapTexts(text(of:)) }

    /// Where such texts are: alone, at the end of a workload's or an image's name, and before the words of a change cause.
    private func shape(of text: String) -> String {
        if let index = fields.firstIndex(of: text), text != Self.none { return Self.placeholders[index] }
        var (rest, end) = (text, "")
        for (separator, index) in [(":", 3), ("/", 0)]
        where fields[index] != Self.none && rest.hasSuffix(separator + fields[index]) {
            rest = String(rest.dropLast(fields[index].count + 1))
            end = separator + Self.placeholders[index] + end
        }
        if fields[3] != Self.none, rest.hasPrefix(fields[3] + " ") {
            rest = Self.placeholders[3] + rest.dropFirst(fields[3].count)
        }
        return rest + end
    }

    private func text(of shape: String) -> String {
        // The first byte of every placeholder: most texts have none.
        guard shape.utf8.contains(0xEE) else { return shape }
        var text = String.UnicodeScalarView()
        for scalar in shape.unicodeScalars {
            guard (0xE000...0xE003).contains(scalar.value), fields[Int(scalar.value) - 0xE000] != Self.none else {
                text.append(scalar)
                continue
            }
            text.append(contentsOf: fields[Int(scalar.value) - 0xE000].unicodeScalars)
        }
        return String(text)
    }
}

extension Deployment.App {
    /// With every text but those of its outcome replaced, names of annotations aside.
    fileprivate func mapTexts(_ change: (String) -> String) -> Deployment.App {
        let images = before.images.map { (change($0.key), change($0.value)) }
        var app = Deployment.App(
            app: change(app), workload: change(workload), uid: change(uid), from: from.map(change), to: change(to),
            before: .init(
                images: Dictionary(images) { first, _ in first },
                initContainers: before.initContainers.map(change),
                annotations: before.annotations.mapValues(change), strategy: before.strategy,
                partition: before.partition))
        (app.outcome, app.failureCode, app.failure) = (outcome, failureCode, failure)
        return app
    }
}
