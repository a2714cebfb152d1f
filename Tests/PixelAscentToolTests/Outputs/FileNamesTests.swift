// SPDX-License-Identifier: MIT

import PixelAscentTool
import Testing

/// The parts of a path from which the names of results are made.
@Suite struct FileNamesTests {
  @Test(arguments: [("a/b.jpg", "b.jpg"), ("b", "b"), ("a/b/", "b"), ("/", "image"), ("", "image"), ("a/./", "a")])
  func fileName(_ path: String, _ expected: String) { #expect(path.fileName == expected) }

  @Test(arguments: [
    ("a/b.jpg", "b"), ("b.tar.gz", "b.tar"), ("b", "b"), (".hidden", ".hidden"), ("a.b/c", "c"), ("b.", "b"),
  ])
  func fileStem(_ path: String, _ expected: String) { #expect(path.fileStem == expected) }

  @Test(arguments: [("a/b.JPG", "jpg"), ("b.tar.gz", "gz"), ("b", ""), ("a.b/c", ""), ("b.", ""), (".png", "png")])
  func fileEnding(_ path: String, _ expected: Substring) { #expect(path.fileEnding == expected) }
}
