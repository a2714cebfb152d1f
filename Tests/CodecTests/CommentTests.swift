// SPDX-License-Identifier: MIT
import PixelAscent
import Testing

/// Tests of the comment in a picture's file.
@Suite struct CommentTests {
  private let image = RGBImage(width: 5, height: 3, pixels: (0..<45).map { UInt8($0 * 5) })

  private func file(_ comment: String?, isJPEG: Bool) throws -> [UInt8] {
    isJPEG ? try image.jpegData(comment: comment) : try image.pngData(comment: comment)
  }

  @Test(
    "A comment is read back unchanged and changes no pixel", arguments: [false, true],
    ["a", "{\"ü\":\"crâne 頭\"}", "\n\t\u{1}"])
  func roundTrip(_ isJPEG: Bool, _ comment: String) throws {
    let bytes = try file(comment, isJPEG: isJPEG)
    #expect(try RGBImage.comment(inFile: bytes, name: "f") == comment)
    let plain = try file(nil, isJPEG: isJPEG)
    #expect(try RGBImage(decoding: bytes, name: "f") == RGBImage(decoding: plain, name: "f"))
    #expect(try RGBImage.comment(inFile: plain, name: "f") == nil)
    #expect(try file(comment, isJPEG: isJPEG) == bytes)
  }

  @Test("A comment is UTF-8 in an iTXt chunk or a COM segment, where other programs look for it")
  func form() throws {
    let png = try image.pngData(comment: "né")
    let chunk: [UInt8] = Array("iTXtpixelascent".utf8) + [0, 0, 0, 0, 0] + Array("né".utf8)
    #expect(png.indices.contains { png[$0...].starts(with: chunk) })
    let segment: [UInt8] = [0xFF, 0xFE, 0, 5] + Array("né".utf8)
    let jpeg = try image.jpegData(comment: "né")
    #expect(jpeg.indices.contains { jpeg[$0...].starts(with: segment) })
  }

  @Test(
    "A file that is cut off has the comment or none, and a changed file is not read beyond its end",
    arguments: [false, true])
  func damage(_ isJPEG: Bool) throws {
    let bytes = try file("comment", isJPEG: isJPEG)
    for length in 8..<bytes.count {
      let found = try RGBImage.comment(inFile: Array(bytes[..<length]), name: "f")
      #expect(found == nil || found == "comment")
    }
    for index in 8..<bytes.count {
      for value: UInt8 in [0, 1, 0x7F, 0xFE, 0xFF] {
        var changed = bytes
        changed[index] = value
        _ = try RGBImage.comment(inFile: changed, name: "f")
      }
    }
    #expect(failure { try RGBImage.comment(inFile: [1, 2, 3], name: "f") }?.kind == .invalidImage)
  }

  @Test("A comment that is not UTF-8 is ignored")
  func invalid() throws {
    var bytes = try image.pngData(comment: "abc")
    let index = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("abc".utf8)) })
    bytes[index] = 0xC0
    #expect(try RGBImage.comment(inFile: bytes, name: "f") == nil)
  }

  @Test("A JPEG's comment has at most 65,533 bytes, and a PNG's can have more")
  func longest() throws {
    let most = String(repeating: "x", count: 65_533)
    #expect(try RGBImage.comment(inFile: image.jpegData(comment: most), name: "f") == most)
    let line = "a JPEG's comment is at most 65533 bytes long, found 65534; a PNG's may be longer"
    #expect(failure { try image.jpegData(comment: most + "x") }?.description == line)
    #expect(try RGBImage.comment(inFile: image.pngData(comment: most + "x"), name: "f") == most + "x")
  }
}
