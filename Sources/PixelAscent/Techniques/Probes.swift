// SPDX-License-Identifier: MIT
//
// What the benchmarks in Bench need beside the public API. Not API.

import Synchronization

extension Evaluation {
  /// Called when a pass begins, with nil, and after each of its layers.
  @_spi(Benchmark) public var layerObserver: ((_ layer: Int?, _ isBackward: Bool) -> Void)? {
    get { observer }
    set { observer = newValue }
  }

  /// The names of the layers as they run, in the order of the observer's indices.
  @_spi(Benchmark) public var runningLayers: [String] { plan.layers.map(\.name) }

  /// Calls `body` with helpers at hand for all passes in it.
  @_spi(Benchmark) public func withThreads(_ body: () throws -> Void) throws { try parallel.withThreads(body) }

  /// The forward pass alone, of the image that is loaded, whether it was made before or not.
  @_spi(Benchmark) public func forwardAgain() throws(PixelAscentError) { try forward() }

  /// Forward for one class, and the gradient of its score, whether they were made before or not.
  @_spi(Benchmark) public func gradientAgain(class index: Int) throws(PixelAscentError) {
    try forward(only: index)
    backward(.one(index))
  }
}

extension VisualizationAscent {
  /// The evaluation that the ascent works in.
  @_spi(Benchmark) public var benchmarkedEvaluation: Evaluation { evaluation }
}

extension Network {
  /// The noise that class visualization starts from, of `size` × `size` pixels.
  @_spi(Benchmark) public func noise(size: Int) -> Tensor {
    let values = RandomSource(seed: 0).normals(channels * size * size)
    return Tensor(shape: [channels, size, size], values: values)
  }
}

/// The library's threads, with operations cut into parts as an evaluation cuts them.
@_spi(Benchmark) public struct ThreadsProbe {
  private let parallel: Parallel

  /// Threads of their own, `count` of them.
  public init(_ count: Int) { parallel = Parallel(threads: count) }

  /// How many there are.
  public var count: Int { parallel.threads }

  /// Calls `body` with the threads at hand.
  public func withThreads(_ body: () throws -> Void) rethrows { try parallel.withThreads(body) }

  /// Calls `body` with each of 0 ..< count, once.
  ///
  /// - Throws: what one of the calls threw, after all of them.
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

  /// Cuts 0 ..< rows into bands.
  public func overRows(_ rows: Int, _ body: @escaping (Range<Int>) -> Void) {
    parallel.overRows(rows, Parallel.Body { body($0.rows) })
  }

  /// Cuts blocks × rows into parts.
  public func overParts(
    blocks: Range<Int>, multipleOf multiple: Int, rows: Int,
    _ body: @escaping (_ blocks: Range<Int>, _ rows: Range<Int>) -> Void
  ) {
    parallel.overParts(
      blocks: blocks, multipleOf: multiple, rows: rows, Parallel.Body { body($0.blocks, $0.rows) })
  }
}
