import ArgumentParser
import Reporting
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `-o text|json` and the colours: the same on every command that reports.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @Option(name: [.customShort("o"), .customLong("output")], help: "What to print on standard output: text or json.")
    var format: Format = .text

    @OptionGroup var colours: ColourOptions

    /// Text goes to standard output; with `-o json` only the JSON does, and everything else to standard error.
    var textStream: OutputStream { format == .json ? .standardError : .standardOutput }

    func printJSON(_ report: some Encodable) {
        do {
            OutputStream.standardOutput.write(try JSONReport.render(report))
        } catch {
            OutputStream.standardError.write("error[internal]: the report cannot be written as JSON: \(error)\n")
        }
    }

    func style(for stream: OutputStream) -> TextStyle { colours.style(for: stream) }
}

/// `--color`.
struct ColourOptions: ParsableArguments {
    enum Colour: String, ExpressibleByArgument, CaseIterable {
        case auto
        case always
        case never
    }

    @Option(
        name: .customLong("color"),
        help: "Colours: auto (on a terminal, unless NO_COLOR is set), always or never.")
    var colour: Colour = .auto

    func style(for stream: OutputStream) -> TextStyle {
        let terminal = stream.terminal
        let noColour = environmentVariable("NO_COLOR").map { !$0.isEmpty } ?? false
        let isColoured =
            switch colour {
            case .auto: terminal != nil && !noColour && environmentVariable("TERM") != "dumb"
            case .always: true
            case .never: false
            }
        return TextStyle(isColoured: isColoured, terminal: terminal)
    }
}

func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// One of the process's two output streams, written without buffering.
struct OutputStream: Sendable {
    let descriptor: Int32

    static let standardOutput = OutputStream(descriptor: STDOUT_FILENO)
    static let standardError = OutputStream(descriptor: STDERR_FILENO)

    /// The terminal's size; nil where the stream is none, or one that cannot move its cursor.
    var terminal: TextStyle.Terminal? {
        guard isatty(descriptor) == 1, environmentVariable("TERM") != "dumb" else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TextStyle.Terminal(columns: 80, rows: 24)
        }
        return TextStyle.Terminal(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            // A closed pipe ends the process by SIGPIPE; whatever else cannot be written has nowhere to be told.
            if written < 0 && errno != EINTR { return }
            bytes = bytes.dropFirst(max(0, written))
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, base, count)
}

/// Prints progress events as they come, live on a terminal and as plain lines elsewhere.
final class ProgressPrinter: Sendable {
    private enum Renderer {
        case live(LiveProgress)
        case plain(PlainProgress)
    }

    private let renderer: Mutex<Renderer>
    private let stream: OutputStream

    private let style: TextStyle

    init(_ output: OutputOptions) {
        stream = output.textStream
        style = output.style(for: stream)
        renderer = Mutex(Self.renderer(style))
    }

    private static func renderer(_ style: TextStyle) -> Renderer {
        guard let terminal = style.terminal else { return .plain(PlainProgress(style: style)) }
        return .live(LiveProgress(style: style, terminal: terminal))
    }

    /// Another pass begins: what was drawn of the last one stays.
    func startAnew() { renderer.withLock { $0 = Self.renderer(style) } }

    func show(_ event: ProgressEvent) {
        renderer.withLock { renderer in
            let text: String
            switch renderer {
            case .live(var live):
                text = live.render(event)
                renderer = .live(live)
            case .plain(var plain):
                text = plain.render(event)
                renderer = .plain(plain)
            }
            stream.write(text)
        }
    }
}
