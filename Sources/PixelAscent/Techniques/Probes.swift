// SPDX-License-Identifier: MIT
//
// What the benchmarks in Bench need of the library's inside. Not API.

import Synchronization

/// A network's forward pass alone, over and over in the same memory, on the noise that class visualization starts from.
@_spi(Benchmark) public final class ForwardProbe {
  private let workspace: Workspace

  /// A probe for images of `size` × `size` pixels.
  public init(_ network: Network, size: Int) throws(PixelAscentError) {
    workspace = try Workspace(network, height: size, width: size, gradient: false)
    var visualization = ClassVisualization()
    (visualization.height, visualization.width) = (size, size)
    let image = ImagePlanes(channels: network.channels, height: size, width: size)
    image.tensor = visualization.startImage(network, RandomSource(seed: 0))
    network.kernels.roll(workspace.image, image, by: .none, rows: 0..<size)
  }

  /// Calls `body` with the threads at hand.
  public func together(_ body: () throws -> Void) throws { try workspace.parallel.together(body) }

  /// The scores of all classes.
  public func forward() throws(PixelAscentError) { try workspace.forward() }
}

/// Class visualization with its defaults, iteration by iteration.
@_spi(Benchmark) public final class AscentProbe {
  private let ascent: Ascent
  private let visualization: ClassVisualization
  private let random = RandomSource(seed: 0)
  private let index: Int
  private var iteration = 0

  /// A probe for an image of `size` × `size` pixels that climbs the score of class `index`.
  public init(_ network: Network, size: Int, class index: Int) throws(PixelAscentError) {
    var visualization = ClassVisualization()
    (visualization.height, visualization.width) = (size, size)
    (visualization.iterations, visualization.showEvery) = (.max, 0)
    try network.check(class: index)
    self.visualization = visualization
    self.index = index
    ascent = try visualization.makeAscent(network, random)
  }

  /// The names of a model file's layers, in the order of the observer's indices.
  public static func layerNames(modelFile path: String) throws(PixelAscentError) -> [String] {
    try Network(contentsOf: path).plan.layers.map(\.name)
  }

  /// Called when a pass begins, with nil, and after each of its layers.
  public var observer: ((_ layer: Int?, _ isBackward: Bool) -> Void)? {
    get { ascent.workspace.observer }
    set { ascent.workspace.observer = newValue }
  }

  /// Calls `body` with the threads at hand.
  public func together(_ body: () throws -> Void) throws { try ascent.parallel.together(body) }

  /// Goes one iteration further; all but the first compute the score of one class only.
  public func iterate() throws(PixelAscentError) {
    _ = try visualization.iterate(ascent, random, class: index, iteration: iteration) { iteration == 0 }
    iteration += 1
  }
}

/// A forward pass and the gradient of one class's score, over and over in the same memory, on noise.
@_spi(Benchmark) public final class GradientProbe {
  private let workspace: Workspace
  private let index: Int

  /// A probe for images of `size` × `size` pixels and the class `index`.
  public init(_ network: Network, size: Int, class index: Int) throws(PixelAscentError) {
    try network.check(class: index)
    self.index = index
    workspace = try Workspace(network, height: size, width: size, gradient: true)
    let image = ImagePlanes(channels: network.channels, height: size, width: size)
    image.tensor = Tensor(
      shape: [network.channels, size, size], values: RandomSource(seed: 0).normals(network.channels * size * size))
    network.kernels.roll(workspace.image, image, by: .none, rows: 0..<size)
  }

  /// The layers as they run, in the order of the observer's indices.
  public var layers: [(name: String, operation: String)] {
    workspace.plan.layers.map { ($0.name, "\(type(of: $0.operation))") }
  }

  /// Called when a pass begins, with nil, and after each of its layers.
  public var observer: ((_ layer: Int?, _ isBackward: Bool) -> Void)? {
    get { workspace.observer }
    set { workspace.observer = newValue }
  }

  /// Calls `body` with the threads at hand.
  public func together(_ body: () throws -> Void) throws { try workspace.parallel.together(body) }

  /// Forward and back.
  public func run() throws(PixelAscentError) {
    try workspace.forward(only: index)
    workspace.backward(.one(index))
  }
}

/// The library's threads, with operations cut into parts as a workspace cuts them.
@_spi(Benchmark) public struct ThreadsProbe {
  private let parallel: Parallel

  /// Threads of their own, `count` of them.
  public init(_ count: Int) { parallel = Parallel(threads: count) }

  /// How many there are.
  public var count: Int { parallel.threads }

  /// Calls `body` with the threads at hand.
  public func together(_ body: () throws -> Void) rethrows { try parallel.together(body) }

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
    blocks: Range<Int>, together: Int, rows: Int, _ body: @escaping (_ blocks: Range<Int>, _ rows: Range<Int>) -> Void
  ) {
    parallel.overParts(
      blocks: blocks, together: together, rows: rows, Parallel.Body { body($0.blocks, $0.rows) })
  }
}
