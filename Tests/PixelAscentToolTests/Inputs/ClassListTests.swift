// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Lists of classes, as text or as a file.
@Suite struct ClassListTests {
  private let labels: Labels

  init() throws {
    labels = try Labels(names: [
      ["tench"], ["goldfish", "gold"], ["great white shark", "white shark"], ["wolf spider"], ["barn spider"],
    ])
  }

  private func find(_ text: String) throws -> [Int] { try ClassList.find(text, labels) }

  @Test(
    "Indices, ranges and names, in the text's order",
    arguments: [
      ("3", [3]), ("1-3", [1, 2, 3]), ("4,0-1", [4, 0, 1]), ("TENCH,4", [0, 4]), ("white   shark , wolf", [2, 3]),
      ("gold", [1]), ("2-2", [2]),
    ])
  func list(_ text: String, _ expected: [Int]) throws { #expect(try find(text) == expected) }

  @Test("A file has one class or range per line; empty lines are ignored")
  func file() throws {
    let folder = try TemporaryFolder()
    #expect(try find(folder.add("list", "wolf spider\n\n  0-1 \r\ngreat  white shark")) == [3, 0, 1, 2])
  }

  @Test("A comma in a line of a file is part of the name")
  func commaInFile() throws {
    let folder = try TemporaryFolder(), path = try folder.add("list", "0,1\n")
    #expect(errorLine { try find(path) }.hasPrefix("\(path): no class is called \"0,1\""))
  }

  @Test("A file without a class is an error")
  func emptyFile() throws {
    let folder = try TemporaryFolder(), path = try folder.add("list", " \n\n")
    #expect(errorLine { try find(path) } == "\(path): has no class; write one per line")
  }

  @Test("An error in a file names the file")
  func wrongFile() throws {
    let folder = try TemporaryFolder(), path = try folder.add("list", "0\n5\n")
    #expect(errorLine { try find(path) } == "\(path): class 5 is out of range: the model has classes 0 to 4")
  }

  @Test(arguments: [
    ("0,0", "--classes names tench (0) twice"), ("0-3,wolf", "--classes names wolf spider (3) twice"),
    ("3-1", "--classes: write 1-3, not 3-1"), ("", "a class name can't be empty"),
    ("1,,2", "a class name can't be empty"),
    ("2-5", "class 5 is out of range: the model has classes 0 to 4"),
  ])
  func errors(_ text: String, _ expected: String) { #expect(errorLine { try find(text) } == expected) }

  @Test("A text that is part of two classes' names is an error")
  func ambiguous() { #expect(throws: PixelAscentError.self) { try find("spider") } }
}
