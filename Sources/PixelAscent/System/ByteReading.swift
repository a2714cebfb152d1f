// SPDX-License-Identifier: MIT
//
// Helpers that the readers of model files and of lists share.

extension ByteSource {
  /// Returns an error about the content of the file.
  func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, Message(message), about: name) }
}

extension Collection<UInt8> {
  /// The bytes of a text without the byte order mark that some editors write before UTF-8.
  package var withoutByteOrderMark: SubSequence {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return starts(with: mark) ? dropFirst(mark.count) : self[...]
  }
}

extension String {
  /// Returns whether the bytes of `part` follow one another in this text. Unlike `contains`, this does not compare
  /// characters, which takes much longer.
  func hasPart(_ part: String) -> Bool {
    var rest = utf8[...]
    let part = part.utf8
    while rest.count >= part.count {
      if rest.starts(with: part) { return true }
      rest.removeFirst()
    }
    return false
  }
}

extension UInt64 {
  /// Reads an unsigned number of at most 8 bytes, the least significant byte first.
  init(littleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension Int {
  /// Reads a number in two's complement of at most 8 bytes, the least significant byte first.
  init(signedLittleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    let unused = UInt64.bitWidth - 8 * bytes.count
    self = Int(truncatingIfNeeded: UInt64(littleEndianBytes: bytes) << unused) >> unused
  }
}
