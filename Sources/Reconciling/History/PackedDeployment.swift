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
    /// Of the private use area of Unicode: no name, image or version has them.
    private static let placeholders = ["\u{E000}", "\u{E001}", "\u{E002}", "\u{E003}"]

    /// In the order of the placeholders; `none` where the shape keeps the text itself.
    let fields: [String]

    init(fields: [String]) { self.fields = fields }

    init(_ app: Deployment.App) {
        let texts = [app.app, app.uid, app.to, app.from ?? Self.none]
        // What holds a space could not be told from two fields, and a placeholder of its own would be replaced later on.
        var isPlain = texts.allSatisfy { !$0.isEmpty && !$0.contains(" ") }
        _ = app.mapTexts { text in
            if text.unicodeScalars.contains(where: { (0xE000...0xE003).contains($0.value) }) { isPlain = false }
            return text
        }
        fields = isPlain ? texts : Array(repeating: Self.none, count: texts.count)
    }

    func shape(of app: Deployment.App) -> Deployment.App {
        var shape = app
        (shape.outcome, shape.failureCode, shape.failure) = (nil, nil, nil)
        return zip(fields, Self.placeholders).reduce(shape) { shape, pair in
            guard pair.0 != Self.none else { return shape }
            // A short name is part of many a word, so only a whole text or path component counts.
            let isName = pair.1 == Self.placeholders[0]
            return shape.mapTexts { text in
                if text == pair.0 { return pair.1 }
                return isName
                    ? text.replacing("/\(pair.0)", with: "/\(pair.1)") : text.replacing(pair.0, with: pair.1)
            }
        }
    }

    func app(of shape: Deployment.App) -> Deployment.App {
        zip(fields, Self.placeholders).reduce(shape) { app, pair in
            pair.0 == Self.none ? app : app.mapTexts { $0.replacing(pair.1, with: pair.0) }
        }
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
