// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The paths of results, and the paths that are refused before any work.
@Suite struct OutputsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Returns the outputs of a command with the given inputs. The default names of the results end in "-map".
  private func outputs(
    of inputs: [String] = ["a"], _ request: OutputRequest, areMirrored: Bool = false, keeping files: [String] = []
  ) throws -> Outputs {
    try Outputs(inputs.map { ($0, "\($0)-map") }, request, areMirrored: areMirrored, keeping: files)
  }

  private func line(
    of inputs: [String] = ["a"], _ request: OutputRequest, areMirrored: Bool = false, keeping files: [String] = []
  ) -> String {
    errorLine { try outputs(of: inputs, request, areMirrored: areMirrored, keeping: files) }
  }

  @Test("Without paths, only a picture is written, with the default name in the working directory")
  func defaultName() throws {
    let paths = try outputs(of: ["no-such-input"], OutputRequest(output: nil)).paths(for: "no-such-input")
    #expect(paths.output == "no-such-input-map.png")
    #expect([paths.figure, paths.overlay, paths.raw, paths.report] == [nil, nil, nil, nil])
  }

  @Test("The path of a file is used unchanged")
  func file() throws {
    let path = folder.path + "/x.jpg"
    #expect(try outputs(OutputRequest(output: path)).paths(for: "a").output == path)
  }

  @Test("In a folder, each kind of file has its own name")
  func folderNames() throws {
    let path = folder.path
    let request = OutputRequest(output: path, figure: path, overlay: path, animation: path, raw: path, report: path)
    let paths = try outputs(request).paths(for: "a")
    #expect(paths.output == "\(path)/a-map.png")
    #expect(paths.figure == "\(path)/a-map-figure.png")
    #expect(paths.overlay == "\(path)/a-map-overlay.png")
    #expect(paths.animation == "\(path)/a-map-steps.png")
    #expect(paths.raw == "\(path)/a-map.npy")
    #expect(paths.report == "\(path)/a-map.html")
  }

  @Test("A path that ends in a slash is a new folder, which is created when it is needed")
  func newFolder() throws {
    let outputs = try outputs(OutputRequest(output: folder.path + "/new/"))
    #expect(folder.names == [])
    try outputs.makeFolders(for: "a")
    #expect(folder.names == ["new"])
  }

  @Test("For a mirrored folder, the subfolder of each input is created")
  func mirroredFolders() throws {
    let outputs = try outputs(of: ["x/a"], OutputRequest(output: folder.path + "/new/"), areMirrored: true)
    try outputs.makeFolders(for: "x/a")
    #expect(Files.isFolder(folder.path + "/new/x"))
  }

  @Test("Several results need a folder")
  func several() {
    let path = folder.path + "/x.png"
    #expect(
      line(of: ["a", "b"], OutputRequest(output: path))
        == "With several results -o must be a folder; write \(path)/ for a new one.")
  }

  @Test("Even one result of a folder or a list needs a folder")
  func mirrored() {
    let path = folder.path + "/x.png"
    #expect(
      line(OutputRequest(output: folder.path, figure: path), areMirrored: true)
        == "With a folder or a list --figure must be a folder; write \(path)/ for a new one.")
  }

  @Test("A report of several results is an error")
  func report() {
    #expect(
      line(of: ["a", "b"], OutputRequest(output: folder.path, report: folder.path))
        == "--report makes a page about a single result, and this command makes 2.")
  }

  @Test func emptyPath() { #expect(line(OutputRequest(output: nil, raw: "")) == "--raw is empty.") }

  @Test(
    "The ending of another kind of file is an error",
    arguments: [
      (OutputRequest(output: "/x/a.gif"), "Pictures are written as .png or .jpg, not as /x/a.gif."),
      (OutputRequest(output: nil, overlay: "/x/a.npy"), "Pictures are written as .png or .jpg, not as /x/a.npy."),
      (OutputRequest(output: nil, raw: "/x/a.PNG"), "Arrays are written as .npy, not as /x/a.PNG."),
      (OutputRequest(output: nil, report: "/x/a.png"), "A report is written as .html, not as /x/a.png."),
    ])
  func endings(_ request: OutputRequest, _ expected: String) { #expect(line(request) == expected) }

  @Test("Unknown endings are accepted", arguments: ["a", "a.npy", "a.v2"])
  func unknownEnding(_ name: String) throws { try Outputs.check(name, isOf: "npy", "Arrays are written") }

  @Test("Two results for the same file are an error, even if the paths differ")
  func twice() throws {
    let path = folder.path
    try folder.add("b/c.txt")
    #expect(
      line(OutputRequest(output: "\(path)/b/x.png", figure: "\(path)/b/../b/x.png"))
        == "Two results would be written to \(path)/b/../b/x.png.")
  }

  @Test("Replacing an input file is an error, even if the paths differ")
  func kept() throws {
    let photo = try folder.add("photo.png", picture()), path = folder.path
    #expect(
      line(OutputRequest(output: "\(path)/./photo.png"), keeping: [photo])
        == "A result would replace \(path)/./photo.png, which the command reads.")
  }

  @Test("A result with a default name does not replace a file that the program has not made")
  func foreign() throws {
    let path = try folder.add("a-map.png", picture())
    #expect(
      line(OutputRequest(output: folder.path))
        == "\(path): already exists, and pixelascent did not make it; to replace it, name it in the command")
  }

  @Test("A result with a default name replaces the program's own picture; one that the user names replaces any file")
  func replaced() throws {
    let own = try folder.add("a-map.png", picture(comment: #"{"program":"pixelascent"}"#))
    #expect(try outputs(OutputRequest(output: folder.path)).paths(for: "a").output == own)
    let foreign = try folder.add("photo.png", picture())
    #expect(try outputs(OutputRequest(output: foreign)).paths(for: "a").output == foreign)
  }

  @Test("A missing folder is an error before any work, unless the path ends in a slash")
  func missingFolder() {
    let path = folder.path + "/none/x.png"
    #expect(line(OutputRequest(output: path)) == "\(path): no such folder")
  }

  @Test("A minus sign and the device of standard output mean standard output", arguments: ["-", "/dev/stdout"])
  func standardOutput(_ path: String) throws {
    #expect(try outputs(OutputRequest(output: path)).paths(for: "a").output == "/dev/stdout")
    #expect(try outputs(OutputRequest(output: path)).writesToStandardOutput)
  }

  @Test func otherFilesAreNotStandardOutput() throws {
    #expect(try !outputs(OutputRequest(output: folder.path + "/x.png")).writesToStandardOutput)
  }

  @Test("Names that are equal in Unicode but differ in bytes are two inputs")
  func normalisation() throws {
    let names = ["\u{E9}", "e\u{301}"]
    let outputs = try outputs(of: names, OutputRequest(output: folder.path))
    let found = names.map { Array(outputs.paths(for: $0).output.utf8) }
    #expect(found == names.map { Array("\(folder.path)/\($0)-map.png".utf8) })
  }
}
