// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The gradients of values that several layers read.
@Suite struct SharedValueTests {
  private typealias S = SmallNetworks

  /// Graphs in which a mistake in the planned order of the gradients would show.
  private static let shared: [[GraphLayer]] = [
    // A part of a concatenation that has a second reader: a layer before the concatenation, a layer after it, or
    // another concatenation.
    [
      S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "b", 1, 16),
      S.concatenate("bc", "b", "c"), S.convolution("d", "bc", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.concatenate("b1", "b"),
      S.convolution("c", "b1", 1, 16), S.convolution("d", "b", 1, 16), S.concatenate("cd", "c", "d"),
      S.convolution("e", "cd", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "a", 1, 16),
      S.concatenate("bc", "b", "c"), S.concatenate("cb", "c", "b"), S.convolution("d", "bc", 1, 16),
      S.convolution("e", "cb", 1, 16), S.concatenate("de", "d", "e"), S.convolution("f", "de", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "a", 1, 16),
      S.concatenate("bc", "b", "c"), S.convolution("d", "bc", 1, 16), S.convolution("e", "b", 1, 16),
      S.concatenate("de", "d", "e"), S.convolution("f", "de", 1, 5),
    ],
    // A pool's input that a later layer reads, too; in the first graph no layer reads the pool.
    [
      S.convolution("a", "image", 3, 16), S.pool("b", "a"), S.convolution("c", "a", 3, 16, stride: 2),
      S.concatenate("bc", "c"), S.convolution("d", "bc", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.pool("b", "a"), S.convolution("c", "a", 3, 16, stride: 2),
      S.convolution("d", "b", 1, 16), S.concatenate("cd", "c", "d"), S.convolution("e", "cd", 1, 5),
    ],
    // Two pools of one value, and a pool of a concatenation's input.
    [
      S.convolution("a", "image", 3, 16), S.pool("b", "a"), S.pool("c", "a"), S.convolution("d", "b", 1, 16),
      S.convolution("e", "c", 1, 16), S.concatenate("de", "d", "e"), S.convolution("f", "de", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "a", 1, 16),
      S.concatenate("bc", "b", "c"), S.pool("d", "b"), S.pool("e", "bc"), S.convolution("f", "d", 1, 16),
      S.convolution("g", "e", 1, 16), S.concatenate("fg", "f", "g"), S.convolution("h", "fg", 1, 5),
    ],
    // A chain; and a value with a second reader on which no score depends.
    [S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("a2", "b", 1, 20)],
    [S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "a", 1, 20)],
    // The average reads a pool, or the first layer.
    [S.convolution("a", "image", 3, 16), S.pool("b", "a")], [S.convolution("a", "image", 3, 20)],
  ]

  @Test(arguments: shared.indices) func gradientsOfSharedValuesEqualTheReference(index: Int) throws {
    let file = try S.random(
      S.graph(Self.shared[index]), integers: true, seed: 3, preprocessing: S.halves(inputSize: 11))
    var random = TestRandom(1)
    let image = Tensor(shape: [3, 11, 11], values: random.integers(363).map(Float.init))
    // Means of 81 pixels are rounded.
    try NetworkComparison(file, image, maxClasses: 20).check(.best, deviations: 2, "graph \(index)")
  }
}
