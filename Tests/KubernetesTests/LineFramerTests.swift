import NIOCore
import Testing

@testable import Kubernetes

@Suite struct LineFramerTests {
    /// However a stream is cut into chunks, the lines are the same.
    @Test(
        arguments: [
            (["a\nb\n"], ["a", "b"], nil), (["a", "\nb", "\n"], ["a", "b"], nil),
            (["", "a\n", "", "b\n"], ["a", "b"], nil),
            (["a\n\n\nb\n"], ["a", "b"], nil), (["a\nrest"], ["a"], "rest"), (["re", "st"], [], "rest"), ([], [], nil),
            (["\n"], [], nil), (["ä", "ö\n"], ["äö"], nil),
        ] as [([String], [String], String?)])
    func linesAreCut(chunks: [String], lines: [String], rest: String?) throws {
        var framer = LineFramer(limit: 10)
        var found: [String] = []
        for chunk in chunks { found += try framer.append(ByteBuffer(string: chunk)).map { String(buffer: $0) } }
        #expect(found == lines)
        #expect(framer.finish().map { String(buffer: $0) } == rest)
    }

    /// Ten bytes are allowed; the eleventh is one too many, ended or not, in one chunk or many.
    @Test(arguments: [
        (["0123456789\n"], true), (["0123456789"], true), (["0123456789\n0123456789\n"], true),
        (["01234567890\n"], false), (["01234567890"], false), (["012345", "67890"], false),
        (["a\n01234567890"], false),
    ])
    func aLineIsBounded(chunks: [String], isFine: Bool) {
        var framer = LineFramer(limit: 10)
        var failure: LineFramer.LineTooLong?
        for chunk in chunks {
            do throws(LineFramer.LineTooLong) { _ = try framer.append(ByteBuffer(string: chunk)) } catch {
                failure = error
            }
        }
        #expect((failure == nil) == isFine)
    }
}
