// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// How the program recognises the files that it has made.
@Suite struct OwnPicturesTests {
  private static let sheet = #"{"pictures":[{"output":"a.png"}],"program":"pixelascent"}"#
  private static let ownComment = #"{"program":"pixelascent"}"#

  @Test(
    "A picture or contact sheet whose comment names the program is the program's own",
    arguments: [ownComment, sheet])
  func own(_ comment: String) throws { #expect(try Provenance.isOwn(picture(comment: comment))) }

  @Test(
    "A picture with any other comment is not the program's own",
    arguments: [nil, "hello", "{}", "[1]", #"{"program":"x"}"#, #"{"program":"pixelascent","pictures":5}"#])
  func foreign(_ comment: String?) throws { #expect(try !Provenance.isOwn(picture(comment: comment))) }

  @Test("A file that is not a picture is not the program's own")
  func notAPicture() { #expect(!Provenance.isOwn(Array(Self.ownComment.utf8))) }

  @Test("Only a contact sheet lists pictures")
  func contactSheet() throws {
    #expect(try Provenance.isContactSheet(picture(comment: Self.sheet)))
    #expect(try !Provenance.isContactSheet(picture(comment: Self.ownComment)))
  }

  @Test("The beginning of a file is enough to recognise it")
  func beginning() throws {
    let folder = try TemporaryFolder()
    let path = try folder.add("a.png", picture(comment: Self.ownComment) + [UInt8](repeating: 0, count: 1 << 18))
    #expect(Provenance.isOwn(file: path))
    #expect(!Provenance.isOwn(file: folder.path + "/none.png"))
  }

  @Test("Reading the provenance of a contact sheet fails with a line that says what the file is")
  func refusesContactSheet() throws {
    let bytes = try picture(comment: Self.sheet)
    #expect(
      errorLine { try Provenance(ofPicture: bytes, name: "f") }
        == "f: is a contact sheet of several pictures; name one of the pictures")
  }

  @Test("Reading the provenance of another program's picture fails with the library's error")
  func refusesForeign() throws {
    let bytes = try picture(comment: nil)
    #expect(
      errorLine { try Provenance(ofPicture: bytes, name: "f") }
        == "f: the file has no provenance; only pictures that PixelAscent wrote have one")
  }
}
