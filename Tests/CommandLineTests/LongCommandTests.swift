// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Command lines and lists with very many words, and with very long ones.
@Suite(.serialized) struct LongCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ arguments: [String], input: Data? = nil) throws -> Program.Outcome {
    try Program.run(arguments, in: folder, input: input)
  }

  /// Runs a command and returns the CPU time of the program.
  private func seconds(_ arguments: [String], input: String? = nil) throws -> Double {
    if let input { try folder.add("list", Array(input.utf8)) }
    let script = "\"$0\" \"$@\" <\(input == nil ? "/dev/null" : "list") >output 2>errors; times"
    let outcome = try Program.run(["-c", script, Program.path] + arguments, in: folder, program: "/bin/sh")
    // The last line holds the user and system time of the shell's children: "0m1.234s 0m0.056s".
    let times = (outcome.lines.last ?? "").split(separator: " ").map { $0.dropLast().split(separator: "m") }
    try #require(times.count == 2 && times.allSatisfy { $0.count == 2 }, "\(outcome.text)")
    return times.map { 60 * (Double($0[0]) ?? .nan) + (Double($0[1]) ?? .nan) }.reduce(0, +)
  }

  @Test("The time for a command grows in proportion to its words", arguments: ["files", "list", "class"])
  func growth(_ kind: String) throws {
    func time(_ count: Int) throws -> Double {
      let names = (0..<count).map { "missing\($0)" }, one = "classify --threads 1 --quiet"
      return switch kind {
      case "files": try seconds(one.split(separator: " ").map(String.init) + names)
      case "list":
        try seconds("\(one) -".split(separator: " ").map(String.init), input: names.joined(separator: "\n"))
      default:
        try seconds(
          "saliency missing --threads 1 --quiet".split(separator: " ").map(String.init)
            + (0..<count).flatMap { ["--class", "\($0 % 1000)"] })
      }
    }
    let few = try min(time(2000), time(2000)), many = try min(time(8000), time(8000))
    #expect(many < mostGrowth * few, "\(few) s, then \(many) s")
  }

  @Test("A long command means the same as a short one")
  func sameMeaning() throws {
    for name in ["a.png", "b.png", "-c.png"] { try folder.add(name, folder.bytes("photo.png")) }
    let photos = ["a.png", "b.png", "./-c.png"] + Array(repeating: "photo.png", count: 100)
    let outcome = try run(["classify", "--top", "1", "--quiet", "--json"] + photos)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try outcome.lines.map { try JSONValue($0)["image"]?.string } == photos)
    // Options may stand anywhere, and every word behind -- is a file.
    let mixed = ["classify"] + photos.prefix(2) + ["--top=1"] + photos[2...] + ["--quiet", "--json", "--", "-c.png"]
    #expect(try run(mixed).lines == outcome.lines + [outcome.lines[2].replacing("./-c.png", with: "-c.png")])

    let classes = (0..<120).flatMap { ["--class", "\($0)"] }
    let maps = try run(["saliency", "photo.png", "--quiet", "-o", "maps/", "--class=7"] + classes)
    #expect(maps.status == 0, "\(maps.errors)")
    #expect(maps.lines.count == 120)
    #expect(maps.lines.first?.contains(" (7), ") == true)
  }

  @Test("A long command is refused with the same lines as a short one")
  func refusals() throws {
    let photos = Array(repeating: "photo.png", count: 120).joined(separator: " ")
    for refusal in [
      Refusal.usage("classify \(photos) --best 5", "Unknown option '--best'. Did you mean '--mean'?"),
      .usage("classify \(photos) --top", "Missing value for '--top <n>'"),
      .usage("classify \(photos) --top 0", "--top must be 1 or more, found 0."),
      .usage("classify \(photos) --top 1 --top 2", "--top is given twice; it takes one value."),
      .usage("classify - \(photos) -", "- is given twice; standard input can be read once."),
      .usage("visualize \(photos)", "Give a --class or an --objective."),
      .usage(
        "visualize" + String(repeating: " --class 76", count: 60),
        "--class 76 and --class 76 are both tarantula (76)."),
      .usage(
        "visualize --seeds 0-99999" + String(repeating: " --class 76", count: 60),
        "One command makes at most 100000 ascents; --class, --objective, --recipe and --seeds ask for more."),
    ] { try refusal.check(in: folder) }
  }

  @Test("A word of many megabytes is not printed back")
  func longWords() throws {
    let long = String(repeating: "x", count: 10 << 20)
    try folder.add("list", Array("\(long)\nphoto.png\n".utf8))
    let outcome = try Program.run(
      ["-c", "\"$0\" classify - --quiet <list", Program.path], in: folder, program: "/bin/sh")
    #expect(outcome.status == 1)
    let short = String(repeating: "x", count: 100)
    #expect(
      outcome.errors
        == "error: \(short)…\(short): has 10485760 bytes; a path has fewer than 4096\nerror: 1 of 2 images failed\n")
    #expect(outcome.lines.count == 6)

    let word = String(repeating: "x", count: 100_000)
    for arguments in [["classify", "photo.png", "--top", word], ["classify", "photo.png", "--\(word)"], [word]] {
      let outcome = try run(arguments)
      #expect(outcome.status == 64)
      #expect(outcome.errors.utf8.count < 5000)
    }
    let marks = "a" + String(repeating: "\u{301}", count: 50_000)
    #expect(try run(["visualize", "--class", marks]).errors.utf8.count < 2000)
  }

  @Test("Control characters in a wrong command don't reach the terminal")
  func controlCharacters() throws {
    for arguments in [["classify", "photo.png", "--top", "\u{1B}[2J\u{9B}"], ["\u{1B}[2J\u{202E}"]] {
      let outcome = try run(arguments)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("?[2J?"))
      #expect(!outcome.errors.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    }
  }

  @Test(
    "Standard output that can't be written is an error for every text",
    arguments: [
      "--version", "--help", "help", "help fool", "classify --help", "fool --version", "",
      "--generate-completion-script bash", "--experimental-dump-help", "info",
    ])
  func fullOutput(_ command: String) throws {
    func outcome(_ output: String) throws -> Program.Outcome {
      try Program.run(
        ["-c", "exec \"$0\" \"$@\" \(output)", Program.path] + command.split(separator: " ").map(String.init),
        in: folder,
        program: "/bin/sh")
    }
    let closed = try outcome(">&-")
    #expect(closed.status == 1)
    #expect(closed.errors == "error: standard output: bad file descriptor\n")
    #if os(Linux)
      let full = try outcome(">/dev/full")
      #expect(full.status == 1)
      #expect(full.errors == "error: standard output: no space left on device\n")
    #endif
  }

  @Test("A list of paths and a list of classes may begin with a byte order mark")
  func byteOrderMark() throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    #expect(try run(["classify", "-", "--top", "1"], input: Data(mark + Array("photo.png\n".utf8))).status == 0)
    try folder.add("classes", mark + Array("7\n".utf8))
    let atlas = ["--classes", "classes", "--size", "32", "--iterations", "1", "--quiet"]
    let outcome = try run(["atlas", "-o", "a"] + atlas)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test("Slashes at the end of a folder's name are not repeated in the names of its files")
  func slashes() throws {
    try folder.add("photos/a.png", folder.bytes("photo.png"))
    let outcome = try run(["saliency", "photos//", "-o", "maps//", "--quiet"])
    #expect(outcome.text.hasPrefix("maps/a-saliency.png: "), "\(outcome.text)\(outcome.errors)")
    #expect(try run(["classify", "photos//", "--json", "--quiet"]).record["image"]?.string == "photos/a.png")
    _ = chmod(folder.path + "/photos/a.png", 0)
    defer { _ = chmod(folder.path + "/photos/a.png", 0o600) }
    if geteuid() != 0 {
      #expect(try run(["classify", "photos//", "--quiet"]).errors == "error: photos/a.png: permission denied\n")
    }
  }
}
