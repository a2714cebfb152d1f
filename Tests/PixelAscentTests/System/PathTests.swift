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
    #expect(path.pathComponents == steps)
    #expect(path.isAbsolute == (path.utf8.first == UInt8(ascii: "/")))
    #expect(path.hasSlash == path.unicodeScalars.contains("/"))
  }

  @Test(arguments: [
    ("x/", "x"), ("x//", "x"), ("/", "/"), ("//", "/"), ("x", "x"), ("", ""), ("x/\u{301}", "x/\u{301}"),
  ])
  func slashesAtTheEndAreRemoved(_ path: String, _ expected: String) {
    #expect(path.withoutTrailingSlashes.unicodeScalars.elementsEqual(expected.unicodeScalars))
  }

  @Test(arguments: [("x/", "x/"), ("x//", "x/"), ("/", "/"), ("//", "/"), ("x", "x/"), ("a//b", "a//b/")])
  func folderHasOneSlashAtTheEnd(_ path: String, _ expected: String) { #expect(path.withOneTrailingSlash == expected) }

  @Test("All paths to a file have the same canonical path")
  func pathsToAFileHaveOneCanonicalPath() throws {
    let folder = try TemporaryFolder(), path = folder.path
    try Files.makeFolder(path + "/b")
    try Files.write([1], to: path + "/b/y")
    for (link, target) in [("c", "b"), ("l", "b/y")] {
      try FileManager.default.createSymbolicLink(atPath: "\(path)/\(link)", withDestinationPath: target)
    }
    let canonical = try #require(Files.replacedPath(path + "/b/y"))
    for way in ["c/y", "b/../b/y", "./b//y", "l"] {
      #expect(Files.replacedPath("\(path)/\(way)") == canonical, "\(way)")
    }
    #expect(Files.replacedPath("\(path)/c/z") == Files.replacedPath("\(path)/b/z"))
    #expect(Files.replacedPath("\(path)/b/z") != canonical)
    #expect(Files.replacedPath("\(path)/new/./z") == Files.replacedPath("\(path)/new//z"))
    #expect(Files.replacedPath("/dev/null") == nil)
    for way in ["/new", "//new", "/./new"] { #expect(Files.replacedPath(way) == "/new", "\(way)") }
    #expect(Files.replacedPath("/new/x") == "/new/x")
  }
}
