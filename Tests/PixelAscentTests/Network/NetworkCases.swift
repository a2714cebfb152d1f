// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// A graph, and the sizes of the images with which it is tested.
struct NetworkCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let graph: Graph
  /// The sizes of the images; the first is a square.
  let sizes: [(height: Int, width: Int)]
  /// Whether all of the graph's sums are exact in float if the image and the parameters are small integers.
  var isExact = true
  /// Whether the scores are the means of ReLUs' outputs.
  var endsWithReLU = false

  func file(integers: Bool, seed: UInt64) throws -> Model {
    let preprocessing = try SmallNetworks.halves(
      inputSize: PixelSize(square: sizes[0].height), channels: graph.input.channels)
    return try SmallNetworks.random(graph, integers: integers, seed: seed, preprocessing: preprocessing)
  }

  func image(_ size: (height: Int, width: Int), integers: Bool, seed: UInt64) -> Tensor {
    var random = TestRandom(1000 + seed)
    let shape = [graph.input.channels, size.height, size.width], count = shape.reduce(1, *)
    let values = integers ? random.integers(count, range: 3) : random.reals(count).map { 2 * $0 }
    return Tensor(shape: shape, values: values.map(Float.init))
  }

  static let all = [
    NetworkCase(
      testDescription: "squeezed", graph: S.squeezed, sizes: [(17, 17), (17, 33), (33, 17)], endsWithReLU: true),
    NetworkCase(
      testDescription: "branched", graph: S.branched, sizes: [(17, 17), (17, 41), (41, 17)], endsWithReLU: true),
    residual, dense, shuffled, sharedImage, parts, heads, inverted, functions, layerNorms, regions, powers,
  ]
}

private typealias S = SmallNetworks

extension NetworkCase {
  /// Sums with and without a clamp: sums of convolutions' outputs, of other sums, of clamped values, and of one value
  /// twice. Some of the sums overwrite an input in place.
  fileprivate static let residual = NetworkCase(
    testDescription: "residual",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("stem", "image", 3, 20, stride: 2),
        S.convolution("a1", "stem", 3, 20, padding: 1), S.convolution("a2", "a1", 3, 20, padding: 1, clamp: .none),
        S.layer("a", Add(clamp: .relu), "a2", "stem"),
        S.convolution("b1", "a", 3, 18, stride: 2, padding: 1), S.convolution("b2", "b1", 1, 18, clamp: .none),
        S.convolution("b3", "a", 1, 18, stride: 2, clamp: .none), S.layer("b", Add(clamp: .none), "b2", "b3"),
        S.convolution("c", "b1", 1, 18, clamp: .none), S.layer("d", Add(clamp: .none), "b", "c"),
        S.layer("e", Add(clamp: .relu6), "d", "d"),
        S.layer("f", Elementwise(.clamp(Clamp(low: -1, high: 3))), "e"), S.layer("g", Add(clamp: .none), "f", "e"),
        S.convolution("h", "g", 3, 18, padding: 1, clamp: Clamp(low: -2, high: 5)),
        S.layer("i", Add(clamp: .none), "h", "h"), S.layer("mean", GlobalAverage(), "i"),
        S.layer("scores", Linear(outputs: 21, clamp: .none), "mean"),
      ], output: "scores"),
    sizes: [(17, 17), (17, 33), (33, 17)])

  /// A dense block; concatenations at block boundaries and elsewhere, of values with and without a clamp, of one value
  /// twice, and of other concatenations; max pools of a concatenation, and of a value that is part of one.
  fileprivate static let dense = NetworkCase(
    testDescription: "dense",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("c0", "image", 3, 16, stride: 2, padding: 1, clamp: .none),
        S.layer("n1", Affine(clamp: .relu), "c0"), S.convolution("g1", "n1", 3, 16, padding: 1, clamp: .none),
        S.concatenate("c1", "c0", "g1"),
        S.layer("n2", Affine(clamp: .relu), "c1"), S.convolution("g2", "n2", 3, 16, padding: 1, clamp: .none),
        S.concatenate("c2", "c1", "g2"),
        S.layer("n3", Affine(clamp: .relu6), "c2"), S.convolution("g3", "n3", 3, 5, padding: 1, clamp: .none),
        S.concatenate("c3", "c2", "g3"),
        S.layer("n4", Affine(clamp: .relu), "c3"), S.convolution("t", "n4", 1, 10, clamp: .none),
        S.layer("p", AveragePool(Window(kernel: 2, stride: 2), ceilMode: false, countPadding: false), "t"),
        S.convolution("m1", "p", 1, 16), S.layer("m2", MaxPool(Window(kernel: 3, padding: 1), ceilMode: false), "m1"),
        S.convolution("m3", "p", 1, 16, clamp: .none), S.concatenate("m", "m3", "m2"),
        S.concatenate("u", "p", "m", "p"), S.convolution("q", "u", 1, 7, clamp: .relu6), S.concatenate("r", "q", "m1"),
        S.convolution("s", "r", 1, 16, clamp: .relu6), S.convolution("s2", "r", 1, 12), S.concatenate("v", "s", "s2"),
        S.layer("w", MaxPool(Window(kernel: 4, stride: 4), ceilMode: true), "v"), S.layer("mean", GlobalAverage(), "w"),
        S.convolution("scores", "mean", 1, 19, clamp: .none),
      ], output: "scores"),
    sizes: [(16, 16), (16, 24), (24, 16)])

  /// Channels that are sliced, shuffled and concatenated; depthwise and grouped convolutions; scores that are a slice
  /// of a linear layer's outputs.
  fileprivate static let shuffled = NetworkCase(
    testDescription: "shuffled",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("stem", "image", 3, 24, stride: 2, padding: 1),
        S.layer("p", MaxPool(Window(kernel: 3, stride: 2, padding: 1), ceilMode: false), "stem"),
        S.layer("l", ChannelSlice(first: 0, count: 12), "p"), S.layer("r", ChannelSlice(first: 12, count: 12), "p"),
        S.convolution("r1", "r", 1, 12), S.convolution("r2", "r1", 3, 12, padding: 1, groups: 12, clamp: .none),
        S.convolution("r3", "r2", 1, 12), S.concatenate("c", "l", "r3"), S.layer("sh", ChannelShuffle(groups: 2), "c"),
        S.convolution("d", "sh", 5, 48, stride: 2, padding: 2, groups: 24),
        S.convolution("g", "d", 3, 36, padding: 1, groups: 4, clamp: .none),
        S.layer("leaky", Elementwise(.leakyReLU(slope: 0.5)), "g"), S.layer("prelu", Elementwise(.prelu), "leaky"),
        S.layer("vector", Flatten(), "prelu"), S.layer("fc1", Linear(outputs: 30, clamp: .relu), "vector"),
        S.layer("fc2", Linear(outputs: 22, clamp: .none), "fc1"),
        S.layer("scores", ChannelSlice(first: 3, count: 18), "fc2"),
      ], output: "scores"),
    sizes: [(16, 16)])

  /// An image that convolutions, pools, sums, products, slices and concatenations read; a head whose kernel is as large
  /// as its input.
  fileprivate static let sharedImage = NetworkCase(
    testDescription: "shared image",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("a", "image", 3, 16, stride: 2), S.pool("b", "image"),
        S.layer("c", AveragePool(Window(kernel: 2, stride: 2), ceilMode: false, countPadding: true), "image"),
        S.layer("part", ChannelSlice(first: 1, count: 2), "image"), S.convolution("d", "part", 3, 9, stride: 2),
        S.layer("sum", Add(clamp: .relu6), "image", "image"), S.convolution("e", "sum", 3, 4, stride: 2),
        S.layer("square", Multiply(), "image", "image"), S.concatenate("twice", "image", "square", "image"),
        S.convolution("f", "twice", 3, 5, stride: 2),
        S.layer("border", Pad(top: 1, left: 0, bottom: 2, right: 3, value: -1), "image"),
        S.layer(
          "g", MaxPool(Window(y: .init(kernel: 2, stride: 2), x: .init(kernel: 3, stride: 2)), ceilMode: false),
          "border"),
        S.layer("h", ChannelSlice(first: 0, count: 3), "g"), S.convolution("i", "h", 3, 6, clamp: .none),
        S.concatenate("all", "a", "b", "c", "d", "e", "f"), S.convolution("j", "all", 1, 12),
        S.convolution("k", "j", 7, 20), S.convolution("l", "i", 6, 20, clamp: .none),
        S.convolution("m", "l", 1, 20, clamp: .none), S.layer("n", AdaptiveAverage(rows: 1, columns: 1), "m"),
        S.layer("scores", Add(clamp: .none), "k", "n"),
      ], output: "scores"),
    sizes: [(15, 15)])

  /// Slices of a value that are read before the whole value, after it, or instead of it, by convolutions, pools and
  /// concatenations; a layer on which no score depends.
  fileprivate static let parts = NetworkCase(
    testDescription: "parts",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("a", "image", 3, 40, stride: 2), S.layer("s1", ChannelSlice(first: 0, count: 16), "a"),
        S.layer("s2", ChannelSlice(first: 32, count: 8), "a"), S.layer("s3", ChannelSlice(first: 5, count: 15), "a"),
        S.convolution("c1", "s1", 1, 7), S.convolution("c2", "s2", 3, 7, padding: 1),
        S.convolution("c3", "s3", 1, 7, clamp: .none), S.convolution("b", "a", 3, 36, padding: 1, clamp: .none),
        S.layer("s4", ChannelSlice(first: 16, count: 16), "b"), S.convolution("c4", "s4", 1, 7, clamp: .none),
        S.layer("sum1", Add(clamp: .none), "c1", "c2"), S.layer("sum2", Add(clamp: .none), "c3", "c4"),
        S.layer("sum", Add(clamp: .relu), "sum1", "sum2"), S.pool("p1", "s1"), S.pool("p2", "s2"),
        S.concatenate("both", "p1", "p2"), S.concatenate("cut", "s1", "s2"),
        S.layer("s5", ChannelSlice(first: 16, count: 8), "cut"), S.convolution("c5", "s5", 1, 9, clamp: .none),
        S.convolution("aside", "c5", 1, 9), S.convolution("c6", "both", 1, 9), S.layer("mean1", GlobalAverage(), "c5"),
        S.layer("mean2", GlobalAverage(), "sum"),
        S.layer("max", MaxPool(Window(kernel: 4, stride: 4), ceilMode: true), "c6"),
        S.layer("mean3", GlobalAverage(), "max"), S.concatenate("means", "mean1", "mean2", "mean3"),
        S.layer("fc1", Linear(outputs: 16, clamp: .none), "means"),
        S.layer("fc2", Linear(outputs: 5, clamp: .relu), "mean2"), S.concatenate("scores", "fc1", "fc2"),
      ], output: "scores"),
    sizes: [(17, 17), (17, 33)])

  /// Vectors beside planes of 1×1 pixels with a halo; scores that are read by other scores, and by a layer on which no
  /// score depends.
  fileprivate static let heads = NetworkCase(
    testDescription: "heads",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("a", "image", 3, 16, stride: 2), S.layer("mean", GlobalAverage(), "a"),
        S.convolution("b", "a", 8, 16, clamp: .none),
        S.convolution("c", "b", 3, 16, padding: 1, clamp: .none),
        S.concatenate("joined", "mean", "b"), S.concatenate("joined2", "c", "joined"),
        S.layer("fc0", Linear(outputs: 16, clamp: .none), "mean"),
        S.layer("fc1", Linear(outputs: 16, clamp: .none), "joined2"),
        S.layer("fc2", Linear(outputs: 16, clamp: .none), "fc1"), S.concatenate("scores", "fc1", "fc2", "fc0"),
        S.layer("aside", Elementwise(.leakyReLU(slope: 0.5)), "scores"),
      ], output: "scores"),
    sizes: [(17, 17)])
}
