// SPDX-License-Identifier: MIT

import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The scratch memory of the threads of an operation: equal pieces, of which each thread borrows one while it computes a part
/// of a step.
final class Scratch: Sendable {
  private let buffer: FloatBuffer
  private let pieceFloats: Int
  /// A bit for each piece that nobody has borrowed.
  private let free: Atomic<UInt64>

  /// The most pieces. More threads wait for one another.
  private static let mostPieces = 64

  /// Creates the pieces, of `floats` floats each, for `threads` threads.
  ///
  /// - Parameter what: the beginning of the error's message
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  init(
    threads: Int, floats: Int, for what: Message = "the scratch memory of Winograd's convolutions takes"
  ) throws(PixelAscentError) {
    let pieces = min(threads, Self.mostPieces)
    buffer = try FloatBuffer(count: pieces * floats, for: what)
    pieceFloats = floats
    free = Atomic(pieces == 64 ? UInt64.max : (1 << UInt64(pieces)) - 1)
  }

  /// Calls `body` with a piece that no other thread uses meanwhile.
  func borrow(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    var current = free.load(ordering: .relaxed)
    while true {
      if current == 0 {
        sched_yield()
        current = free.load(ordering: .relaxed)
        continue
      }
      // The lowest bit, so that a piece that was used just now is used again.
      let (isMine, found) = free.compareExchange(
        expected: current, desired: current & (current - 1), ordering: .acquiringAndReleasing)
      if isMine { break }
      current = found
    }
    let piece = current.trailingZeroBitCount
    body(buffer.base + piece * pieceFloats)
    free.bitwiseOr(1 << UInt64(piece), ordering: .releasing)
  }
}
