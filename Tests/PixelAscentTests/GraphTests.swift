// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Graphs that the network runs or refuses; `ModelFileTests` has those that contradict themselves.
@Suite struct GraphTests {
  private typealias S = SmallNetworks

  /// Graphs whose values have several readers, in orders that a gradient could get wrong.
  private static let shared: [[GraphLayer]] = [
    // A part of a concatenation, read once more before it, after it, and by another concatenation.
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
    // What a pool reads, read once more after it.
    [
      S.convolution("a", "image", 3, 16), S.pool("b", "a"), S.convolution("c", "a", 3, 16, stride: 2),
      S.concatenate("bc", "c"), S.convolution("d", "bc", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.pool("b", "a"), S.convolution("c", "a", 3, 16, stride: 2),
      S.convolution("d", "b", 1, 16), S.concatenate("cd", "c", "d"), S.convolution("e", "cd", 1, 5),
    ],
    // Two pools of one value, and a pool of a part.
    [
      S.convolution("a", "image", 3, 16), S.pool("b", "a"), S.pool("c", "a"), S.convolution("d", "b", 1, 16),
      S.convolution("e", "c", 1, 16), S.concatenate("de", "d", "e"), S.convolution("f", "de", 1, 5),
    ],
    [
      S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "a", 1, 16),
      S.concatenate("bc", "b", "c"), S.pool("d", "b"), S.pool("e", "bc"), S.convolution("f", "d", 1, 16),
      S.convolution("g", "e", 1, 16), S.concatenate("fg", "f", "g"), S.convolution("h", "fg", 1, 5),
    ],
    // What the average reads, read by a layer that leads nowhere; a layer that leads nowhere inside.
    [S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("a2", "b", 1, 20)],
    [S.convolution("a", "image", 3, 16), S.convolution("b", "a", 1, 16), S.convolution("c", "a", 1, 20)],
    // The average reads a pool, or the first layer.
    [S.convolution("a", "image", 3, 16), S.pool("b", "a")], [S.convolution("a", "image", 3, 20)],
  ]

  @Test(arguments: shared.indices) func sharedValuesAreRightOrRefused(index: Int) throws {
    let file = try S.random(S.graph(Self.shared[index]), integers: true, seed: 3)
    let network: Network
    do {
      network = try Network(file, name: "small")
    } catch {
      #expect(error.kind == .invalidModel && error.message.hasSuffix("is not supported by this version"))
      return
    }
    var random = TestRandom(1)
    let image = Tensor(shape: [3, 11, 11], values: random.integers(363).map(Float.init))
    let reference = ReferenceNetwork(file: file), trace = reference.forward(image)
    let scores = reference.scores(trace)
    for target in scores.indices {
      let seed = scores.indices.map { $0 == target ? 1.0 : 0 }
      let expected = reference.gradient(trace, seed: seed).values
      let found = try network.gradient(of: .score(class: target), at: image).gradient.values
      let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(worst < 1e-5, "class \(target)")
    }
  }
}
