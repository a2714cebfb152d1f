// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The HTML pages that `--report` writes.
@Suite struct ReportCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init) + ["--quiet"], in: folder)
  }

  private static let commands: [(String, String, Int)] = [
    ("saliency photo.png", "photo-saliency", 4),
    ("fool photo.png --target 76 --max-iterations 3", "photo-as-tarantula", 4),
    ("visualize --class 76 --size 40 --iterations 5 --show-every 2", "tarantula", 4),
    ("visualize --class 76 --size 40 --iterations 1", "tarantula", 1),
  ]

  @Test("A page fetches nothing, is the same each time, and shows the command that made it", arguments: commands)
  func page(_ command: String, _ name: String, _ pictures: Int) throws {
    let without = try run(command)
    let outcome = try run("\(command) --report page.html")
    #expect(outcome.status == without.status)
    // The line of a visualization says how many seconds it took.
    #expect(outcome.text == without.text || command.hasPrefix("visualize"))
    let page = String(decoding: try folder.bytes("page.html"), as: UTF8.self)
    #expect(Page.problems(page) == [])
    #expect(page.components(separatedBy: "<img ").count == pictures + 1)
    let words = ["pixelascent"] + command.split(separator: " ").map(String.init) + ["--report", "page.html", "--quiet"]
    #expect(page.contains(words.map { "<span>\($0)</span>" }.joined(separator: " ")))
    #expect(!page.contains(folder.path))
    _ = try run("\(command) --report page.html --threads 1")
    let again = String(decoding: try folder.bytes("page.html"), as: UTF8.self)
    #expect(again.replacing(" <span>--threads</span> <span>1</span>", with: "") == page)
  }

  @Test("--report may name a folder, which gets the page under the default name", arguments: commands)
  func folderOfResults(_ command: String, _ name: String, _ pictures: Int) throws {
    _ = try run("\(command) -o out/ --raw out/ --report out/")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").sorted()
    #expect(names == ["\(name).html", "\(name).npy", "\(name).png"])
  }

  @Test(arguments: [
    Refusal.usage(
      "saliency photo.png b.png --report r.html",
      "--report makes a page about a single result, and this command makes 2."),
    .usage(
      "visualize --class 76 --seeds 0-3 --report r/",
      "--report makes a page about a single result, and this command makes 4."),
    .usage("saliency photo.png --report r.png", "A report is written as .html, not as r.png."),
    .usage("fool photo.png --target 76 -o a.png --report a.png", "A report is written as .html, not as a.png."),
    .usage("visualize --class 76 --raw a --report ./a", "Two results would be written to ./a."),
    Refusal(["saliency", "photo.png", "--report", ""], "Error: --report is empty.", status: 64),
    Refusal("saliency photo.png --report missing/r.html", "error: missing/r.html: no such folder"),
    Refusal(
      "visualize --class 76 --report photo.png/r.html", "error: photo.png/r.html: a part of the path is not a folder"),
  ])
  func wrongReportsAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: folder)
  }

  @Test(
    "A shell reads the quoted words of a page as the original words",
    .enabled(if: FileManager.default.fileExists(atPath: "/bin/bash")))
  func quoting() throws {
    let accented = "a'\u{301}; echo b'\u{301}"
    let words = [
      accented, "", "it's", "a b", "$HOME `ls` \\", "~", "*", "a\nb'\\", "\u{202E}\u{1B}1", "犬", "\"", "#", "=x",
    ]
    let command = "printf '%s\\0' " + words.map(shellQuoted).joined(separator: " ")
    let outcome = try Program.run(["-c", command], in: folder, program: "/bin/bash")
    #expect(outcome.text == words.map { $0 + "\0" }.joined())
  }
}
