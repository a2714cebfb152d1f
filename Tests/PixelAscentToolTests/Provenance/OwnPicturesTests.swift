// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Which files the program takes for its own.
@Suite struct OwnPicturesTests {
  private static let sheet = #"{"pictures":[{"output":"a.png"}],"program":"pixelascent"}"#
  private static let ownComment = #"{"program":"pixelascent"}"#

  @Test("A picture or a contact sheet with the program's name is its own", arguments: [ownComment, sheet])
  func own(_ comment: String) throws { #expect(try Provenance.isOwn(picture(comment: comment))) }

  @Test(
    "Any other picture is not",
    arguments: [nil, "hello", "{}", "[1]", #"{"program":"x"}"#, #"{"program":"pixelascent","pictures":5}"#])
  func foreign(_ comment: String?) throws { #expect(try !Provenance.isOwn(picture(comment: comment))) }

  @Test("What is no picture is not")
  func noPicture() { #expect(!Provenance.isOwn(Array(Self.ownComment.utf8))) }

  @Test("Only a contact sheet lists pictures")
  func contactSheet() throws {
    #expect(try Provenance.isContactSheet(picture(comment: Self.sheet)))
    #expect(try !Provenance.isContactSheet(picture(comment: Self.ownComment)))
  }

  @Test("The beginning of a file is enough to know it")
  func beginning() throws {
    let folder = try TemporaryFolder()
    let path = try folder.add("a.png", picture(comment: Self.ownComment) + [UInt8](repeating: 0, count: 1 << 18))
    #expect(Provenance.isOwn(file: path))
    #expect(!Provenance.isOwn(file: folder.path + "/none.png"))
  }

  @Test("A contact sheet is refused with a line that says what it is")
  func refusesContactSheet() throws {
    let bytes = try picture(comment: Self.sheet)
    #expect(
      errorLine { try Provenance(ofPicture: bytes, name: "f") }
        == "f: is a contact sheet, which pixelascent atlas makes from its pictures")
  }

  @Test("A picture of nobody's is refused as the library refuses it")
  func refusesForeign() throws {
    let bytes = try picture(comment: nil)
    #expect(
      errorLine { try Provenance(ofPicture: bytes, name: "f") }
        == "f: the file doesn't say how it was made, as pixelascent's own pictures do")
  }
}
