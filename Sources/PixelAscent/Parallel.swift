// SPDX-License-Identifier: MIT

import Dispatch
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs the parts of one operation side by side. The only file that knows threads.
///
/// Parts write disjoint memory, so what they compute does not depend on the number of threads or on their timing.
struct Parallel: Sendable {
  /// The most threads that work at once.
  let threads: Int

  init(threads: Int) {
    precondition(threads >= 1)
    self.threads = threads
  }

  /// Calls `body` with each of 0 ..< count, once. The calling thread takes part and can do it all alone.
  func forEach(_ count: Int, _ body: (Int) -> Void) {
    if threads == 1 || count <= 1 {
      for index in 0..<count { body(index) }
      return
    }
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
      let shared = SharedBody(call: body)
      DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          if index >= count { return }
          shared.call(index)
        }
      }
    }
  }

  /// Cuts 0 ..< rows into bands and calls `body` with each.
  func overRows(_ rows: Int, _ body: (Range<Int>) -> Void) {
    let bands = threads == 1 ? 1 : min(rows, 2 * threads)
    forEach(bands) { body(rows * $0 / bands..<rows * ($0 + 1) / bands) }
  }

  /// Cuts blocks × rows into parts, about four a thread so that the last ones to finish wait little.
  func overParts(blocks: Range<Int>, rows: Int, _ body: (Part) -> Void) {
    if threads == 1 { return body(Part(blocks: blocks, rows: 0..<rows)) }
    let bands = max(1, min(rows, (4 * threads + blocks.count - 1) / max(blocks.count, 1)))
    forEach(blocks.count * bands) { index in
      let block = blocks.lowerBound + index / bands, band = index % bands
      body(Part(blocks: block..<block + 1, rows: rows * band / bands..<rows * (band + 1) / bands))
    }
  }
}

/// `@unchecked Sendable` because its calls write disjoint memory, and `concurrentPerform` returns after the last of them.
private struct SharedBody: @unchecked Sendable {
  let call: (Int) -> Void
}

extension ComputeOptions {
  /// The number of cores this process may use.
  public static var availableThreads: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}

/// The results of `body` for each of `items`, in their order, computed by at most `threads` threads side by side.
package func sideBySide<Item: Sendable, Output: Sendable>(
  _ items: [Item], threads: Int, _ body: @Sendable (Item) -> Output
) -> [Output] {
  let outputs = Mutex([Output?](repeating: nil, count: items.count))
  Parallel(threads: threads).forEach(items.count) { index in
    let output = body(items[index])
    outputs.withLock { $0[index] = output }
  }
  return outputs.withLock { $0.compactMap(\.self) }
}
