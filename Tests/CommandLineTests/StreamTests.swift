// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Pipes, devices and symbolic links instead of regular files.
@Suite struct StreamTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String, input: Data? = nil, output: FileHandle? = nil) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder, input: input, output: output)
  }

  @Test("A photo may come from a pipe")
  func standardInput() throws {
    let photo = Data(try folder.bytes("photo.png"))
    let piped = try run("classify /dev/stdin --json", input: photo).text
    #expect(try piped == run("classify photo.png --json").text.replacing("photo.png", with: "/dev/stdin"))
    #expect(try run("saliency /dev/stdin --quiet", input: photo).text.hasPrefix("stdin-saliency.png: "))
    let cut = try run("classify /dev/stdin", input: photo.prefix(100))
    #expect(cut.status == 1)
    #expect(cut.errors.hasPrefix("error: /dev/stdin: PNG is cut off"))
  }

  @Test(
    "If the picture goes to standard output, the line about it goes to standard error",
    arguments: ["saliency photo.png", "visualize --class 76 --init photo.png --iterations 1"], ["", " --json"])
  func standardOutput(_ command: String, _ json: String) throws {
    #expect(try run("\(command) --quiet -o a.png").status == 0)
    let outcome = try run("\(command) --quiet -o /dev/stdout\(json)")
    #expect(outcome.status == 0)
    #expect(try Array(outcome.output) == folder.bytes("a.png"))
    #expect(outcome.errors.hasPrefix(json.isEmpty ? "/dev/stdout: " : "{\"class\":"))
    #expect(outcome.errors.split(separator: "\n").count == 1)

    #expect(try Array(run("\(command) --quiet -o -").output) == folder.bytes("a.png"))
    let pipe = Pipe()
    let piped = try run("\(command) --quiet -o /dev/stdout", output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    #expect(piped.status == 0)
    #expect(try Array(pipe.fileHandleForReading.readToEnd() ?? Data()) == folder.bytes("a.png"))
  }

  @Test("A model that goes to standard output is not mixed with the line about it")
  func modelToStandardOutput() throws {
    let model = "Models/squeezenet1_1.safetensors"
    #expect(try run("convert \(model) -o m.safetensors").status == 0)
    let outcome = try run("convert \(model) -o /dev/stdout")
    #expect(outcome.status == 0)
    #expect(try Array(outcome.output) == folder.bytes("m.safetensors"))
    #expect(outcome.errors.hasPrefix("/dev/stdout: 1000 classes"))
  }

  @Test("If standard output is a file, a fooling image is written after the bytes that are there already")
  func afterOthers() throws {
    let target = try run("classify photo.png --json").record["predictions"]?[1]?["class"]?.int ?? 0
    let command = "echo first; exec \"$0\" fool photo.png --target \(target) --quiet -o -"
    let outcome = try Program.run(["-c", command, Program.path], in: folder, program: "/bin/sh")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try run("fool photo.png --target \(target) --quiet -o f.png").status == 0)
    #expect(try Array(outcome.output) == Array("first\n".utf8) + folder.bytes("f.png"))
  }

  @Test("If a standard stream is closed, no file that is opened later is mistaken for it")
  func closedStreams() throws {
    func closed(_ streams: String, _ arguments: String) throws -> Program.Outcome {
      try Program.run(
        ["-c", "exec \"$0\" \"$@\" \(streams)", Program.path] + arguments.split(separator: " ").map(String.init),
        in: folder, program: "/bin/sh")
    }
    #if os(Linux)
      #expect(try closed("<&-", "classify -").errors == "error: standard input: has no path; write one per line\n")
    #endif
    let options = "--classes 75,76 --size 32 --iterations 1 --threads 1"
    #expect(try run("atlas -o a \(options) --quiet").status == 0)
    #expect(try closed("<&- 2>&-", "atlas -o b \(options)").status == 0)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a") {
      let same = try folder.bytes("b/\(name)") == folder.bytes("a/\(name)")
      #expect(same || name == "manifest.jsonl", "\(name)")
    }
    #expect(try String(decoding: folder.bytes("b/manifest.jsonl"), as: UTF8.self).split(separator: "\n").count == 2)
    for command in ["classify photo.png", "saliency photo.png", "info", "atlas -o c --classes 76 --size 32 --quiet"] {
      let before = folder.names, outcome = try closed("<&- >&-", command)
      #expect(outcome.status == 1)
      #expect(outcome.errors == "error: standard output: bad file descriptor\n")
      #expect(folder.names == before)
    }
  }

  @Test("A non-blocking pipe gets every line, even if its reader is slow")
  func nonBlocking() throws {
    let pipe = Pipe(), file = pipe.fileHandleForWriting.fileDescriptor, count = 1200
    #expect(fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) == 0)
    let list = Data(String(repeating: "photo.png\n", count: count).utf8)
    var lines: [String] = []
    let outcome = try Program.run(
      ["classify", "-", "--json", "--top", "9"], in: folder, input: list, output: pipe.fileHandleForWriting
    ) { _, _ in
      try pipe.fileHandleForWriting.close()
      sleep(1)
      let text = try pipe.fileHandleForReading.readToEnd() ?? Data()
      lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
      #expect(text.count > 1 << 17, "less than a pipe holds")
    }
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(lines.count == count)
  }

  @Test("A picture can be written to a FIFO, which stays a FIFO")
  func fifo() throws {
    let command = "visualize --class 76 --init photo.png --iterations 1 --quiet"
    #expect(try run("\(command) -o a.png").status == 0)
    let picture = try folder.bytes("a.png")
    // The FIFO is read only after the program has ended, so it must hold the whole picture.
    try #require(picture.count < 1 << 14, "more than a pipe holds")
    let path = folder.path + "/fifo"
    #expect(mkfifo(path, 0o600) == 0)
    let reader = FileHandle(fileDescriptor: open(path, O_RDONLY | O_NONBLOCK), closeOnDealloc: true)
    #expect(try run("\(command) -o fifo").text.hasPrefix("fifo: "))
    #expect(try Array(reader.readToEnd() ?? Data()) == picture)
    var status = stat()
    try #require(lstat(path, &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test("Writing to a symbolic link replaces the file that it points to; the link stays")
  func link() throws {
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.png", withDestinationPath: "real.png")
    #expect(try run("saliency photo.png --quiet -o link.png").status == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link.png") == "real.png")
    #expect(try folder.image("real.png").height == 40)
  }
}
