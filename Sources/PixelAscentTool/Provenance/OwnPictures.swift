// SPDX-License-Identifier: MIT

import PixelAscent

// Which files are the program's own, so that it may replace them.
extension Provenance {
  /// Whether the bytes of a file are a picture or a contact sheet that this program has made.
  package static func isOwn(_ bytes: [UInt8]) -> Bool { comment(bytes) != nil }

  /// Whether the file at `path` is a picture or a contact sheet that this program has made. Only the beginning of the file is
  /// read, because the program's comment stands there.
  package static func isOwn(file path: String) -> Bool {
    guard let source = try? ByteSource(contentsOf: path), let head = try? source.bytes(0..<min(source.count, 1 << 17))
    else { return false }
    return isOwn(head)
  }

  /// Whether the bytes of a file are the contact sheet of an atlas.
  package static func isContactSheet(_ bytes: [UInt8]) -> Bool { comment(bytes)?.pictures != nil }

  /// What the bytes of a picture's file say about how the picture was made; errors begin with `name`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is a contact sheet, or as `Provenance.init(inFile:name:)`.
  package init(ofPicture bytes: [UInt8], name: String) throws(PixelAscentError) {
    if Self.isContactSheet(bytes) {
      throw PixelAscentError(.invalidImage, "a contact sheet; pixelascent atlas makes it of its pictures", about: name)
    }
    try self.init(inFile: bytes, name: name)
  }

  /// The comment that this program has put into a picture's file; nil if there is none.
  private static func comment(_ bytes: [UInt8]) -> ProgramComment? {
    guard let text = try? RGBImage.comment(inFile: bytes, name: ""),
      let comment = try? JSONText.decode(ProgramComment.self, from: text.utf8)
    else { return nil }
    return comment.program == program ? comment : nil
  }
}

/// The keys of a comment that tell the program's files from others, and a contact sheet from a picture.
private struct ProgramComment: Decodable {
  struct Picture: Decodable {}

  let program: String
  let pictures: [Picture]?
}
