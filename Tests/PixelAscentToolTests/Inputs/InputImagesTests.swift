// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The images that a command reads, and the names of their results.
@Suite struct InputImagesTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path
    for name in ["in/b.png", "in/a.JPG", "in/sub/c.jpeg", "in/notes.txt", "in/.hidden.png", "other/b.png"] {
      try folder.add(name)
    }
  }

  private func names(_ arguments: String..., leavingOut outputs: [String] = []) throws -> [String] {
    try InputImages(arguments, leavingOut: outputs).items.map(\.resultName)
  }

  @Test("A file is accepted even if it does not exist")
  func file() throws {
    let images = try InputImages(["x/none.jpg"])
    #expect(images.paths == ["x/none.jpg"])
    #expect(images.items.map(\.resultName) == ["none"])
    #expect(!images.areMirrored)
  }

  @Test("The images of a folder include those of its subfolders, sorted", arguments: ["in", "in/", "in//"])
  func images(_ name: String) throws {
    let images = try InputImages(["\(path)/\(name)"])
    #expect(images.paths == ["a.JPG", "b.png", "sub/c.jpeg"].map { "\(path)/in/\($0)" })
    #expect(images.areMirrored)
  }

  @Test("The results of a folder mirror its subfolders")
  func mirrored() throws { #expect(try names("\(path)/in") == ["a", "b", "sub/c"]) }

  @Test("The results of several folders keep the parts of the paths that differ")
  func severalFolders() throws {
    #expect(try names("\(path)/in", "\(path)/other") == ["in/a", "in/b", "in/sub/c", "other/b"])
  }

  @Test("Results of files that are named beside a folder get no folder")
  func fileBesideFolder() throws { #expect(try names("x/z.png", "\(path)/in") == ["z", "a", "b", "sub/c"]) }

  @Test("a.jpg and a.png keep their endings, also if a.jpg.png is there")
  func endings() throws {
    #expect(try names("x/a.jpg", "x/a.png", "x/b.png") == ["a.jpg", "a.png", "b"])
    #expect(try names("a.jpg", "a.png", "a.jpg.png") == ["a.jpg", "a.png", "a.jpg.png"])
  }

  @Test("Images in the results' folder are left out and counted")
  func leftOut() throws {
    let images = try InputImages(["\(path)/in"], leavingOut: ["\(path)/in/sub"])
    #expect(images.items.map(\.resultName) == ["a", "b"])
    #expect(images.leftOut == 1)
  }

  @Test("Writing the results among the images is an error")
  func amongImages() {
    #expect(
      errorLine { try InputImages(["\(path)/in"], leavingOut: ["\(path)/in/"]) }
        == "The results would go among the images of \(path)/in; choose a folder other than \(path)/in/.")
  }

  @Test("A folder without images is an error")
  func empty() throws {
    try folder.add("empty/notes.txt")
    #expect(
      errorLine { try InputImages(["\(path)/empty"]) } == "\(path)/empty: has no .jpg, .jpeg or .png file")
  }
}
