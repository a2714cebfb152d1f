// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The ascents of a command: their order, the names of their pictures, and their names in errors.
@Suite struct PlannedAscentTests {
  private let labels: Labels

  init() throws {
    labels = try Labels(names: [["tench"], ["crane"], ["Wolf spider", "hunting spider"], ["crane"]])
  }

  private static let one = [ClassVisualization(.simonyan)]
  private static let two = [ClassVisualization(.simonyan), ClassVisualization(.cs231nTensorFlow)]

  private func all(
    _ classes: [String], _ visualizations: [ClassVisualization] = one, seeds: String = "0"
  ) throws -> [PlannedAscent] {
    try PlannedAscent.all(classes, visualizations, Seeds(seeds), labels)
  }

  @Test("The order is by class, then by recipe, then by seed")
  func order() throws {
    let ascents = try all(["2", "0"], Self.two, seeds: "7,1")
    #expect(ascents.map(\.class) == [2, 2, 2, 2, 0, 0, 0, 0])
    #expect(
      ascents.prefix(4).map(\.visualization.recipe) == [.simonyan, .simonyan, .cs231nTensorFlow, .cs231nTensorFlow])
    #expect(ascents.prefix(4).map(\.visualization.seed) == [7, 1, 7, 1])
  }

  @Test("With one recipe and one seed, the picture's name is that of the class")
  func shortStem() throws {
    #expect(try all(["hunting spider"]).map(\.stem) == ["wolf-spider"])
    #expect(try all(["2"], seeds: "5").map(\.stem) == ["wolf-spider"])
  }

  @Test("With several recipes and seeds, the picture's name contains both")
  func longStem() throws {
    #expect(
      try all(["0"], Self.two, seeds: "0-1").map(\.stem) == [
        "tench-simonyan-seed-0", "tench-simonyan-seed-1", "tench-cs231n-tensorflow-seed-0",
        "tench-cs231n-tensorflow-seed-1",
      ])
  }

  @Test("Classes with the same name are told apart by their indices")
  func sameLabels() throws { #expect(try all(["1", "3"]).map(\.stem) == ["crane-1", "crane-3"]) }

  @Test("The only ascent of a command has no name in errors")
  func alone() throws { #expect(try all(["0"]).map(\.name) == [nil]) }

  @Test("Errors name the class, the recipe and the seed")
  func names() throws {
    #expect(try all(["2"], seeds: "4-5").map(\.name) == ["Wolf spider (2), seed 4", "Wolf spider (2), seed 5"])
    #expect(
      try all(["0"], Self.two).map(\.name) == ["tench (0), simonyan, seed 0", "tench (0), cs231n-tensorflow, seed 0"])
  }

  @Test("Naming a class twice is an error")
  func twice() {
    #expect(
      errorLine { try all(["hunting spider", "0", "2"]) }
        == "--class hunting spider and --class 2 are both Wolf spider (2).")
  }

  @Test("A class that does not exist is an error of the library")
  func unknown() { #expect(throws: PixelAscentError.self) { try all(["4"]) } }
}
