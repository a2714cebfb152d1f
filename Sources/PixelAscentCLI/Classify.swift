// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Print the classes that the network sees in photographs.",
    discussion: """
      Prints one line per class, the highest score first: the score (the network's raw output), the probability (after \
      the softmax or the sigmoid) and the class. With --activation none it prints no probability.

      Examples:
        pixelascent classify photo.jpg
        pixelascent classify --top 1 --json photos/
        find . -name '*.jpg' | pixelascent classify -
      """)

  @Argument(
    help: ArgumentHelp(
      "JPEG or PNG files, folders of such files, or - to read paths from standard input.", valueName: "image"),
    completion: .file())
  var images: [String]

  @Option(parsing: .unconditional, help: ArgumentHelp("The number of classes to print.", valueName: "n"))
  var top = 5

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top must be 1 or more, found \(top).") }
  }

  func run() throws {
    let source = common.source
    try ClassifyWork(images, top: top, source).run(report: source.console.print)
  }
}

extension Classify: TakesLists {
  static var lists: [String: WritableKeyPath<Self, [String]>] { ["": \.images] }
}
