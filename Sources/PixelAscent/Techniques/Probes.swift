// SPDX-License-Identifier: MIT
//
// Access for the benchmarks in Bench to what the public API does not show.

import Synchronization

extension Evaluation {
  /// A closure that is called with nil when a pass begins, then after each layer with the layer's index.
  package var layerObserver: ((_ layer: Int?, _ isBackward: Bool) -> Void)? {
    get { observer }
    set { observer = newValue }
  }

  /// The names of the plan's layers, by the index that the observer gets.
  package var runningLayers: [String] { plan.layers.map(\.name) }

  /// Calls `body` and keeps the helper threads running for all passes in it.
  package func withThreads(_ body: () throws -> Void) throws { try parallel.withThreads(body) }

  /// Runs the forward pass for the loaded image, even if its scores are known already.
  package func forwardAgain() throws(PixelAscentError) { try forward() }

  /// Computes a class's score and the score's gradient for the loaded image, even if they are known already.
  package func gradientAgain(class index: Int) throws(PixelAscentError) {
    try forward(only: index)
    backward(.one(index))
  }
}

extension VisualizationAscent {
  /// The evaluation that the ascent uses.
  package var benchmarkedEvaluation: Evaluation { evaluation }
}

extension Network {
  /// Returns the noise that a class visualization of `size` × `size` pixels starts from.
  package func noise(size: Int) -> Tensor {
    let values = RandomSource(seed: 0).normals(channels * size * size)
    return Tensor(shape: [channels, size, size], values: values)
  }
}

/// The scratch memory of Winograd's method, for any number of threads.
package struct ScratchProbe {
  private let scratch: Scratch

  /// Creates pieces of `floats` floats.
  ///
  /// - Precondition: the process can get the memory.
  public init(floats: Int) {
    guard let scratch = try? Scratch(threads: 64, floats: floats) else { preconditionFailure("no memory") }
    self.scratch = scratch
  }

  /// Calls `body` with a piece that no other thread uses meanwhile.
  public func borrow(_ body: (UnsafeMutablePointer<Float>) -> Void) { scratch.borrow(body) }
}

/// The library's threads. An operation is divided into parts for them as in an evaluation.
package struct ThreadsProbe {
  private let parallel: Parallel

  /// Creates a pool of `count` threads.
  public init(_ count: Int) { parallel = Parallel(threads: count) }

  /// The number of threads.
  public var count: Int { parallel.threads }

  /// Calls `body` and keeps the helper threads running for all operations in it.
  public func withThreads(_ body: () throws -> Void) rethrows { try parallel.withThreads(body) }

  /// Calls `body` once with each of 0 ..< count.
  ///
  /// - Throws: the error of one of the calls, after all calls have ended.
  public func forEach<Failure: Error>(_ count: Int, _ body: (Int) throws(Failure) -> Void) throws(Failure) {
    let failure = Mutex<Failure?>(nil)
    parallel.forEach(count) { index in
      do throws(Failure) {
        try body(index)
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Divides 0 ..< rows into bands and calls `body` with each.
  public func overRows(_ rows: Int, _ body: @escaping (Range<Int>) -> Void) {
    parallel.overRows(rows, Parallel.Body { body($0.rows) })
  }

  /// Divides planes into parts for Winograd's method, and calls `body` with the blocks and the rows of tiles of each.
  public func overTiles(
    inputs: Int, blocks: Int, height: Int, width: Int,
    _ body: @escaping (_ blocks: Range<Int>, _ rows: Range<Int>) -> Void
  ) {
    let step = Step.tiles(
      inputs: inputs, blocks: blocks, height: height, width: width, isPartial: false, threads: count
    ) { body($0.blocks, $0.rows) }
    parallel.overParts(blocks: step.blocks, multipleOf: step.blockMultiple, rows: step.rows, step.body)
  }

  /// Divides blocks × rows into parts and calls `body` with each.
  public func overParts(
    blocks: Range<Int>, multipleOf multiple: Int, rows: Int,
    _ body: @escaping (_ blocks: Range<Int>, _ rows: Range<Int>) -> Void
  ) {
    parallel.overParts(
      blocks: blocks, multipleOf: multiple, rows: rows, Parallel.Body { body($0.blocks, $0.rows) })
  }
}
