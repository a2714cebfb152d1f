// SPDX-License-Identifier: MIT
//
// What the readers of model files have in common.

extension ByteSource {
  /// An error about what the file holds.
  func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, Message(message), about: name) }
}

extension UInt64 {
  /// The number that at most 8 bytes hold, the lowest first.
  init(littleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension Int {
  /// The number in two's complement that at most 8 bytes hold, the lowest first.
  init(signedLittleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    let unused = UInt64.bitWidth - 8 * bytes.count
    self = Int(truncatingIfNeeded: UInt64(littleEndianBytes: bytes) << unused) >> unused
  }
}
