import ArgumentParser

@main
struct Descry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "descry", version: "0.1.0")
}
