// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct StreamedWriteTests {
  @Test("Appended pieces follow one another, and replace the file only at the end")
  func pieces() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a"
    try Files.write([9], to: path)
    try Files.write(to: path) { (file: Files.Output) throws(PixelAscentError) in
      try file.append([1, 2] as [UInt8])
      #expect((try? Files.read(path)) == [9])
      try file.append([] as [UInt8])
      try file.append([1.5] as [Float])
    }
    #expect(try Files.read(path) == [1, 2, 0, 0, 0xC0, 0x3F])
    #expect(folder.names == ["a"])
  }

  @Test("An error while writing keeps the old file")
  func error() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a"
    let problem = PixelAscentError(.unreadableFile, "b: gone")
    func fail() -> String {
      errorLine {
        try Files.write(to: path) { (file: Files.Output) throws(PixelAscentError) in
          try file.append([1, 2] as [UInt8])
          throw problem
        }
      }
    }
    #expect(fail() == "b: gone")
    #expect(folder.names == [])
    try Files.write([9], to: path)
    #expect(fail() == "b: gone")
    #expect(folder.names == ["a"])
    #expect(try Files.read(path) == [9])
  }
}
