// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct PathTests {
  @Test(
    "A path is cut at every slash, whatever follows it",
    arguments: [
      ("a.png", "", "a.png", ["a.png"]), ("x/a.png", "x/", "a.png", ["x", "a.png"]), ("/a", "/", "a", ["a"]),
      ("x//./y/", "x//./y/", "", ["x", "y"]), ("./a", "./", "a", ["a"]), ("", "", "", []),
      ("../a", "../", "a", ["..", "a"]),
      ("x/\u{301}a.png", "x/", "\u{301}a.png", ["x", "\u{301}a.png"]), ("/\u{301}", "/", "\u{301}", ["\u{301}"]),
    ])
  func pathIsCutAtEverySlash(_ path: String, _ folder: String, _ name: String, _ steps: [String]) {
    #expect(path.folderAndName.folder.unicodeScalars.elementsEqual(folder.unicodeScalars))
    #expect(path.folderAndName.name.unicodeScalars.elementsEqual(name.unicodeScalars))
    #expect(path.steps == steps)
    #expect(path.isAbsolute == (path.utf8.first == UInt8(ascii: "/")))
    #expect(path.hasSlash == path.unicodeScalars.contains("/"))
  }

  @Test(arguments: [
    ("x/", "x"), ("x//", "x"), ("/", "/"), ("//", "/"), ("x", "x"), ("", ""), ("x/\u{301}", "x/\u{301}"),
  ])
  func slashesAtTheEndAreRemoved(_ path: String, _ expected: String) {
    #expect(path.withoutLastSlash.unicodeScalars.elementsEqual(expected.unicodeScalars))
  }

  @Test("All paths to a file have one canonical path")
  func pathsToAFileHaveOneCanonicalPath() throws {
    let folder = try TemporaryFolder(), path = folder.path
    try Files.makeFolder(path + "/b")
    try Files.write([1], to: path + "/b/y")
    for (link, target) in [("c", "b"), ("l", "b/y")] {
      try FileManager.default.createSymbolicLink(atPath: "\(path)/\(link)", withDestinationPath: target)
    }
    let canonical = try #require(Files.place(path + "/b/y"))
    for way in ["c/y", "b/../b/y", "./b//y", "l"] { #expect(Files.place("\(path)/\(way)") == canonical, "\(way)") }
    #expect(Files.place("\(path)/c/z") == Files.place("\(path)/b/z"))
    #expect(Files.place("\(path)/b/z") != canonical)
    #expect(Files.place("\(path)/new/./z") == Files.place("\(path)/new//z"))
    #expect(Files.place("/dev/null") == nil)
  }
}
