// SPDX-License-Identifier: MIT

import PixelAscent

// Recognises the files that this program has made, so that it may replace them.
extension Provenance {
  /// Returns whether the bytes of a file are a picture or a contact sheet that this program has made.
  package static func isOwn(_ bytes: [UInt8]) -> Bool { comment(bytes) != nil }

  /// Returns whether the file at `path` is a picture or a contact sheet that this program has made. This reads only the
  /// beginning of the file, which has the program's comment.
  package static func isOwn(file path: String) -> Bool {
    guard let source = try? ByteSource(contentsOf: path), let head = try? source.bytes(0..<min(source.count, 1 << 17))
    else { return false }
    return isOwn(head)
  }

  /// Returns whether the bytes of a file are the contact sheet of an atlas.
  package static func isContactSheet(_ bytes: [UInt8]) -> Bool { comment(bytes)?.pictures != nil }

  /// Reads the provenance in the bytes of a picture's file. Errors begin with `name`.
  ///
  /// - Throws: as `Provenance.init(inFile:name:)` does, and ``PixelAscentError`` of kind `invalidImage` if the file is a
  ///   contact sheet.
  package init(ofPicture bytes: [UInt8], name: String) throws(PixelAscentError) {
    if Self.isContactSheet(bytes) {
      throw PixelAscentError(
        .invalidImage, "is a contact sheet of several pictures; name one of the pictures", about: name)
    }
    if Animation.isGIF(bytes) {
      try self.init(text: Animation.comment(inGIF: bytes), name: name)
    } else {
      try self.init(inFile: bytes, name: name)
    }
  }

  /// Returns the comment that this program has put into a picture's file; nil if the file has none.
  private static func comment(_ bytes: [UInt8]) -> ProgramComment? {
    let found = Animation.comment(inGIF: bytes) ?? (try? RGBImage.comment(inFile: bytes, name: ""))
    guard let text = found,
      let comment = try? JSONText.decode(ProgramComment.self, from: text.utf8)
    else { return nil }
    return comment.program == program ? comment : nil
  }
}

/// The keys of a comment that distinguish the program's files from others, and a contact sheet from a picture.
private struct ProgramComment: Decodable {
  struct Picture: Decodable {}

  let program: String
  let pictures: [Picture]?
}
