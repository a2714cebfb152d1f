// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Folders and lists of images as inputs.
@Suite struct FolderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder.withModelAndPhoto()
    for name in ["in/sub/deep", "in/empty"] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    for name in ["b.png", "a.JPG", "sub/c.jpeg", "sub/deep/a.png"] {
      try folder.add("in/\(name)", folder.bytes("photo.png"))
    }
    for name in ["notes.txt", "sub/x.gif", "png"] { try folder.add("in/\(name)", [1, 2, 3]) }
    // Following this link would never end.
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/in/sub/again", withDestinationPath: "..")
  }

  private func run(_ command: String, input: String? = nil) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder, input: input.map { Data($0.utf8) })
  }

  private func images(_ outcome: Program.Outcome) throws -> [String] {
    try outcome.lines.map { try JSONValue($0)["image"]?.string ?? "" }
  }

  @Test(
    "A folder means all JPEG and PNG files in it and its subfolders, in the order of their paths",
    arguments: ["in", "in/"])
  func classify(_ name: String) throws {
    let outcome = try run("classify \(name) photo.png --json")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(try images(outcome) == ["in/a.JPG", "in/b.png", "in/sub/c.jpeg", "in/sub/deep/a.png", "photo.png"])
  }

  @Test("The folder of the maps mirrors the folder of the images", arguments: ["maps/", "maps"])
  func mirrors(_ output: String) throws {
    if output == "maps" {
      try FileManager.default.createDirectory(atPath: folder.path + "/maps", withIntermediateDirectories: false)
    }
    #expect(try run("saliency in -o \(output) --raw maps/ --figure maps/ --quiet").status == 0)
    let found = try folder.contents().compactMap { $0.hasPrefix("maps/") ? $0.split(separator: " ")[0] : nil }
    let stems = ["a", "b", "sub/c", "sub/deep/a"]
    let files = stems.flatMap { (stem: String) -> [String] in
      ["maps/\(stem)-saliency-figure.png", "maps/\(stem)-saliency.npy", "maps/\(stem)-saliency.png"]
    }
    #expect(found.map(String.init) == (files + ["maps/sub", "maps/sub/deep"]).sorted())
  }

  @Test("classify and saliency read a list of paths from standard input")
  func list() throws {
    let lines = "in/sub/c.jpeg\n\nphoto.png\n"
    #expect(try images(run("classify - --json", input: lines)) == ["in/sub/c.jpeg", "photo.png"])
    #expect(
      try images(run("classify - --json", input: "in/sub/c.jpeg\0photo.png\0")) == ["in/sub/c.jpeg", "photo.png"])
    #expect(try run("saliency - -o maps/ --quiet", input: "./in/sub/c.jpeg\nphoto.png").status == 0)
    #expect(try folder.bytes("maps/in/sub/c-saliency.png") == folder.bytes("maps/photo-saliency.png"))
    // No result leaves the folder others/, even if a path is absolute or contains "..".
    #expect(try run("saliency - -o others/ --quiet", input: "in/../photo.png\n\(folder.path)/in/b.png").status == 0)
    #expect(try folder.contents().filter { $0.hasPrefix("others/") }.count == 2)
  }

  @Test("Bad files are reported and counted; all other images get their maps", arguments: [1, 3])
  func badFiles(_ threads: Int) throws {
    try folder.add("in/aa.png", [1, 2, 3])
    try folder.add("in/sub/z.jpg", [])
    let outcome = try run("saliency in -o maps/ --json --threads \(threads)")
    #expect(outcome.status == 1)
    #expect(try images(outcome) == ["in/a.JPG", "in/b.png", "in/sub/c.jpeg", "in/sub/deep/a.png"])
    #expect(
      outcome.errors == """
        error: in/aa.png: not a JPEG or PNG image (starts with bytes 01 02 03)
        error: in/sub/z.jpg: the file is empty
        error: 2 of 6 images failed

        """)
  }

  @Test("Images whose names differ only in their endings keep the endings in the results' names")
  func endings() throws {
    for name in ["sub/c.png", "sub/c.jpg"] { try folder.add("in/\(name)", folder.bytes("photo.png")) }
    #expect(try run("saliency in -o maps/ --raw maps/ --quiet").status == 0)
    let found = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/maps/sub").sorted()
    let files = ["jpeg", "jpg", "png"].flatMap { (ending: String) -> [String] in
      ["c.\(ending)-saliency.npy", "c.\(ending)-saliency.png"]
    }
    #expect(found == files + ["deep"])
    #expect(try run("saliency photo.png in/b.png ./photo.png -o maps/ --quiet").status == 64)
  }

  @Test("Hidden files, pipes and devices in a folder are ignored; a link to an image is an image")
  func otherFiles() throws {
    let images = try images(run("classify in --json"))
    try FileManager.default.createDirectory(atPath: folder.path + "/in/.folder", withIntermediateDirectories: false)
    for name in [".hidden.png", ".folder/a.png", "._b.png"] { try folder.add("in/\(name)", [1]) }
    #expect(mkfifo(folder.path + "/in/pipe.png", 0o600) == 0)
    for (name, target) in [("null.png", "/dev/null"), ("z.png", "b.png"), ("zz.png", "none")] {
      try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/in/\(name)", withDestinationPath: target)
    }
    let outcome = try run("classify in --json")
    #expect(try self.images(outcome) == images + ["in/z.png"])
    #expect(outcome.errors == "error: in/zz.png: no such file\nerror: 1 of 6 images failed\n")
  }

  @Test("Results of lists and of several folders keep the parts of the paths below the common folder")
  func otherMirrors() throws {
    for path in ["x/1", "y/1", "y/z/2"] {
      let folders = path.dropLast(2)
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/more/\(folders)", withIntermediateDirectories: true)
      try folder.add("more/\(path).png", folder.bytes("photo.png"))
    }
    func made(_ command: String, _ list: [String] = []) throws -> [String] {
      try? FileManager.default.removeItem(atPath: folder.path + "/maps")
      let outcome = try run("saliency \(command) -o maps/ --quiet", input: list.map { $0 + "\n" }.joined())
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/maps")
        .filter { $0.hasSuffix(".png") }.sorted()
    }
    let files = ["x/1.png", "y/1.png", "y/z/2.png"],
      maps = ["x/1-saliency.png", "y/1-saliency.png", "y/z/2-saliency.png"]
    #expect(try made("-", files.map { "\(folder.path)/more/\($0)" }) == maps)
    let name = URL(fileURLWithPath: folder.path).lastPathComponent
    #expect(try made("-", files.map { "../\(name)/more/\($0)" }) == maps)
    #expect(try made("-", ["\(folder.path)/more/x/1.png", "in/b.png"]) == ["1-saliency.png", "in/b-saliency.png"])
    #expect(try made("more/x ./more/y/") == maps.map { "more/\($0)" })
    #expect(try made("\(folder.path)/more/x \(folder.path)/more/y") == maps)
    #expect(try made("more/x/../x") == ["1-saliency.png"])
  }

  @Test("Results of a.jpg, a.png and a.jpg.png get different names")
  func meetingNames() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/c", withIntermediateDirectories: false)
    for name in ["a.jpg", "a.png", "a.jpg.png", "b.png"] { try folder.add("c/\(name)", folder.bytes("photo.png")) }
    #expect(try run("saliency c -o maps/ --quiet").status == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path + "/maps").sorted()
        == ["a.jpg-saliency.png", "a.jpg.png-saliency.png", "a.png-saliency.png", "b-saliency.png"])
  }

  @Test("Pictures may not be written among the input images, but arrays may")
  func outputsAmongInputs() throws {
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "in")
    for (options, path) in [("-o in/", "in/"), ("-o maps/ --figure ./in", "./in"), ("-o link", "link")] {
      try Refusal.usage(
        "saliency in \(options)",
        "The results would go among the images of in; choose a folder other than \(path)."
      ).check(in: folder)
    }
    // An array would not be taken for an input image.
    #expect(try run("saliency in -o maps/ --raw in/ --quiet").status == 0)
  }

  @Test("saliency does not read the results that it has written into subfolders of the images' folder")
  func outputsInside() throws {
    let images = try images(run("classify in --json"))
    for round in 0..<2 {
      let outcome = try run("saliency in -o in/maps/ --overlay in/sub/over/ --json")
      #expect(outcome.status == 0)
      let note = "note: skipped 8 pictures in folders where results go\n"
      #expect(outcome.errors == (round == 0 ? "" : note))
      #expect(try self.images(outcome) == images)
    }
    #expect(try run("classify in --json").lines.count == 3 * images.count)
  }

  #if os(Linux)
    @Test("Names that differ only in their Unicode normalisation are different names")
    func normalization() throws {
      for name in ["\u{E9}", "e\u{301}"] { try folder.add("in/sub/deep/\(name).png", folder.bytes("photo.png")) }
      let outcome = try run("saliency in/sub/deep -o maps/ --json")
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
      #expect(outcome.lines.count == 3)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/maps").count == 3)
    }

    @Test("A name that is not UTF-8 is reported")
    func otherNames() throws {
      // Folders are reported with any ending, files only with the ending of an image.
      for (name, end) in [("a", ".txt"), ("b", ".png")] {
        let bytes = Array("\(folder.path)/in/\(name)".utf8) + [0xE9] + Array(end.utf8) + [0]
        let file = open(bytes.map { CChar(truncatingIfNeeded: $0) }, O_CREAT | O_WRONLY, 0o600)
        try #require(file >= 0)
        #expect(close(file) == 0)
      }
      for (name, end) in [("caf", ""), ("2024", ".old")] {
        let bytes = Array("\(folder.path)/in/\(name)".utf8) + [0xE9] + Array(end.utf8) + [0]
        #expect(mkdir(bytes.map { CChar(truncatingIfNeeded: $0) }, 0o700) == 0)
      }
      let outcome = try run("classify in --json")
      #expect(outcome.status == 1)
      #expect(outcome.lines.count == 4)
      #expect(
        outcome.errors == """
          error: in/2024\u{FFFD}.old: can't be opened: its name is not UTF-8
          error: in/b\u{FFFD}.png: can't be opened: its name is not UTF-8
          error: in/caf\u{FFFD}: can't be opened: its name is not UTF-8
          error: 3 of 7 images failed

          """)
    }
  #endif

  /// The path of a program that lets root run commands as another user.
  private static let setpriv = "/usr/bin/setpriv"

  @Test(
    "A subfolder that can't be read or entered is reported, and the other images are classified",
    .enabled(if: geteuid() != 0 || access(setpriv, X_OK) == 0, "root may read every folder, and setpriv is missing"),
    arguments: [0o000, 0o444] as [mode_t])
  func unreadableFolder(_ mode: mode_t) throws {
    let path = folder.path + "/in/sub"
    #expect(chmod(path, mode) == 0)
    defer { chmod(path, 0o700) }
    var command = [Program.path, "classify", "in", "--json", "--model", "Models/squeezenet1_1.safetensors"]
    if geteuid() == 0 {
      // The other user may have no access to the folder that the program was built in.
      try FileManager.default.copyItem(atPath: Program.path, toPath: folder.path + "/program")
      command = [Self.setpriv, "--reuid=65534", "--clear-groups", "\(folder.path)/program"] + command.dropFirst()
    }
    let outcome = try Program.run(Array(command.dropFirst()), in: folder, program: command[0])
    #expect(outcome.status == 1)
    #expect(outcome.lines.count == 2)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.dropLast().allSatisfy { $0.hasPrefix("error: in/sub") && $0.hasSuffix(": permission denied") })
    #expect(lines.count == (mode == 0 ? 2 : 3))
    #expect(lines.last?.hasSuffix(" images failed") == true)
  }

  @Test("A line of a list that is too long for a path is reported, and the other images are classified")
  func longLine() throws {
    try folder.add("list", Array("photo.png\r\n".utf8) + [UInt8](repeating: 97, count: 10_000_000) + Array("\n".utf8))
    let command = "\"$0\" classify - --json < list"
    let outcome = try Program.run(["-c", command, Program.path], in: folder, program: "/bin/sh")
    #expect(outcome.status == 1)
    #expect(try images(outcome) == ["photo.png"])
    let ends = String(repeating: "a", count: 100)
    #expect(
      outcome.errors.hasPrefix("error: \(ends)…\(ends): has 10000000 bytes; a path has fewer than 4096\n"),
      "\(outcome.errors.prefix(1000))")
  }

  @Test(arguments: [
    Refusal("classify in/empty", "error: in/empty: has no .jpg, .jpeg or .png file"),
    Refusal("classify in/empty photo.png", "error: in/empty: has no .jpg, .jpeg or .png file"),
    Refusal("classify -", "error: standard input: has no path; write one per line"),
    .usage("saliency in", "With a folder or a list, name a folder for the maps: -o FOLDER/."),
    .usage("saliency in in -o maps/", "Two results would be written to maps/in/a-saliency.png."),
    .usage("saliency in/b.png in -o maps/", "Two results would be written to maps/b-saliency.png."),
    .usage("saliency in -o map.png", "With a folder or a list -o must be a folder; write map.png/ for a new one."),
    .usage("saliency in/sub/deep -o maps", "With a folder or a list -o must be a folder; write maps/ for a new one."),
  ])
  func wrongInputsAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: folder)
  }
}
