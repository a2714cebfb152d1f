// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The ascents of a command: their order, their pictures' names, and what errors call them.
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

  @Test("The seeds of a recipe, the recipes of a class, the classes")
  func order() throws {
    let ascents = try all(["2", "0"], Self.two, seeds: "7,1")
    #expect(ascents.map(\.class) == [2, 2, 2, 2, 0, 0, 0, 0])
    #expect(
      ascents.prefix(4).map(\.visualization.recipe) == [.simonyan, .simonyan, .cs231nTensorFlow, .cs231nTensorFlow])
    #expect(ascents.prefix(4).map(\.visualization.seed) == [7, 1, 7, 1])
  }

  @Test("A name says no more than it has to")
  func shortStem() throws {
    #expect(try all(["hunting spider"]).map(\.stem) == ["wolf-spider"])
    #expect(try all(["2"], seeds: "5").map(\.stem) == ["wolf-spider"])
  }

  @Test("Several recipes and seeds are in the name")
  func longStem() throws {
    #expect(
      try all(["0"], Self.two, seeds: "0-1").map(\.stem) == [
        "tench-simonyan-seed-0", "tench-simonyan-seed-1", "tench-cs231n-tensorflow-seed-0",
        "tench-cs231n-tensorflow-seed-1",
      ])
  }

  @Test("Classes of one name are told apart by their indices")
  func sameLabels() throws { #expect(try all(["1", "3"]).map(\.stem) == ["crane-1", "crane-3"]) }

  @Test("The only ascent of a command needs no name")
  func alone() throws { #expect(try all(["0"]).map(\.name) == [nil]) }

  @Test("Errors name class, recipe and seed")
  func names() throws {
    #expect(try all(["2"], seeds: "4-5").map(\.name) == ["Wolf spider (2), seed 4", "Wolf spider (2), seed 5"])
    #expect(
      try all(["0"], Self.two).map(\.name) == ["tench (0), simonyan, seed 0", "tench (0), cs231n-tensorflow, seed 0"])
  }

  @Test("A class is asked for once")
  func twice() {
    #expect(
      errorLine { try all(["hunting spider", "0", "2"]) }
        == "--class hunting spider and --class 2 are both Wolf spider (2).")
  }

  @Test("A class that is not there is an error of the library")
  func unknown() { #expect(throws: PixelAscentError.self) { try all(["4"]) } }
}
