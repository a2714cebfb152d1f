// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Pipes and devices in place of files.
@Suite struct StreamTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String, input: Data? = nil, output: FileHandle? = nil) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder, input: input, output: output)
  }

  @Test("A photo from a pipe")
  func standardInput() throws {
    let photo = Data(try folder.bytes("photo.png"))
    let piped = try run("classify /dev/stdin --json", input: photo).text
    #expect(try piped == run("classify photo.png --json").text.replacing("photo.png", with: "/dev/stdin"))
    #expect(try run("saliency /dev/stdin --quiet", input: photo).text.hasPrefix("stdin-saliency.png: "))
    let cut = try run("classify /dev/stdin", input: photo.prefix(100))
    #expect(cut.status == 1 && cut.errors.hasPrefix("error: /dev/stdin: PNG is cut off"))
  }

  @Test(
    "A picture on standard output is nothing but the picture; the line about it goes to standard error",
    arguments: ["saliency photo.png", "visualize --class 76 --init photo.png --iterations 1"], ["", " --json"])
  func standardOutput(_ command: String, _ json: String) throws {
    #expect(try run("\(command) --quiet -o a.png").status == 0)
    let outcome = try run("\(command) --quiet -o /dev/stdout\(json)")
    #expect(outcome.status == 0)
    #expect(try Array(outcome.output) == folder.bytes("a.png"))
    #expect(outcome.errors.hasPrefix(json.isEmpty ? "/dev/stdout: " : "{\"class\":"))
    #expect(outcome.errors.split(separator: "\n").count == 1)

    let pipe = Pipe()
    let piped = try run("\(command) --quiet -o /dev/stdout", output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    #expect(piped.status == 0)
    #expect(try Array(pipe.fileHandleForReading.readToEnd() ?? Data()) == folder.bytes("a.png"))
  }

  @Test("A FIFO is written and stays one")
  func fifo() throws {
    let command = "visualize --class 76 --init photo.png --iterations 1 --quiet"
    #expect(try run("\(command) -o a.png").status == 0)
    let picture = try folder.bytes("a.png")
    // It is read only after the program's end.
    try #require(picture.count < 1 << 14, "more than a pipe holds")
    let path = folder.path + "/fifo"
    #expect(mkfifo(path, 0o600) == 0)
    let reader = FileHandle(fileDescriptor: open(path, O_RDONLY | O_NONBLOCK), closeOnDealloc: true)
    #expect(try run("\(command) -o fifo").text.hasPrefix("fifo: "))
    #expect(try Array(reader.readToEnd() ?? Data()) == picture)
    var status = stat()
    #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test("A link's file is replaced, the link stays")
  func link() throws {
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.png", withDestinationPath: "real.png")
    #expect(try run("saliency photo.png --quiet -o link.png").status == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link.png") == "real.png")
    #expect(try folder.image("real.png").height == 40)
  }
}
