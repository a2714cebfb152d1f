// SPDX-License-Identifier: MIT

import PixelAscent

private typealias S = SmallNetworks

/// Cases with layers that are not exact on integers.
extension NetworkCase {
  /// Inverted residual blocks: depthwise convolutions between narrow ones, sums of the narrow outputs, and squeeze and
  /// excitation.
  static let inverted = NetworkCase(
    testDescription: "inverted",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("stem", "image", 3, 20, stride: 2, padding: 1, clamp: .none),
        S.layer("swish", Elementwise(.hardSwish), "stem"),
        S.convolution("wide", "swish", 1, 40, clamp: .relu6),
        S.convolution("deep", "wide", 5, 40, padding: 2, groups: 40, clamp: .none),
        S.layer("silu", Elementwise(.silu), "deep"), S.layer("squeeze", GlobalAverage(), "silu"),
        S.convolution("narrow", "squeeze", 1, 10), S.convolution("excite", "narrow", 1, 40, clamp: .none),
        S.layer("gate", Elementwise(.hardSigmoid(alpha: 0.2, beta: 0.5)), "excite"),
        S.layer("weighted", Multiply(), "silu", "gate"), S.convolution("out", "weighted", 1, 20, clamp: .none),
        S.layer("sum", Add(clamp: .none), "out", "swish"),
        S.convolution("deep2", "sum", 3, 20, stride: 2, padding: 1, groups: 20, clamp: .relu6),
        S.layer("squeeze2", GlobalAverage(), "deep2"), S.layer("fc", Linear(outputs: 20, clamp: .none), "squeeze2"),
        S.layer("gate2", Elementwise(.sigmoid), "fc"), S.layer("weighted2", Multiply(), "gate2", "deep2"),
        S.layer("product", Multiply(), "weighted2", "weighted2"), S.convolution("head", "product", 1, 50, clamp: .none),
        S.layer("headSwish", Elementwise(.hardSwish), "head"), S.layer("mean", GlobalAverage(), "headSwish"),
        S.layer("fc1", Linear(outputs: 30, clamp: .none), "mean"), S.layer("fc1Swish", Elementwise(.hardSwish), "fc1"),
        S.layer("scores", Linear(outputs: 23, clamp: .none), "fc1Swish"),
      ], output: "scores"),
    sizes: [(16, 16), (11, 18), (19, 9)], isExact: false)

  /// A grey image; windows that are not square; functions of one value; pools whose windows reach beyond the padding;
  /// vectors that become planes again.
  static let functions = NetworkCase(
    testDescription: "functions",
    graph: Graph(
      input: .init(channels: 1),
      layers: [
        S.layer(
          "a",
          Convolution(
            Window(
              y: WindowAxis(kernel: 5, stride: 2, before: 1, after: 2),
              x: WindowAxis(kernel: 3, before: 0, after: 2, dilation: 2)), groups: 1, outputs: 17, clamp: .none),
          "image"),
        S.layer("elu", Elementwise(.elu(alpha: 0.7)), "a"),
        S.layer("lrn", LocalResponseNorm(size: 5, alpha: 0.5, beta: 0.75, k: 1.5), "elu"),
        S.layer("even", LocalResponseNorm(size: 2, alpha: 0.3, beta: 0.5, k: 2), "lrn"),
        S.layer(
          "b1", AveragePool(Window(kernel: 3, stride: 2, padding: 1), ceilMode: true, countPadding: false), "even"),
        S.layer("b2", AveragePool(Window(kernel: 3, stride: 2, padding: 1), ceilMode: true, countPadding: true), "a"),
        S.layer("b", Add(clamp: .none), "b1", "b2"), S.layer("gelu", Elementwise(.gelu(tanh: false)), "b"),
        S.layer("geluTanh", Elementwise(.gelu(tanh: true)), "b"), S.layer("tanh", Elementwise(.tanh), "b"),
        S.layer("leaky", Elementwise(.leakyReLU(slope: 0.1)), "b"), S.layer("prelu", Elementwise(.prelu), "leaky"),
        S.concatenate("c", "gelu", "tanh", "prelu"), S.layer("d", Multiply(), "geluTanh", "tanh"),
        S.layer("parts", AdaptiveAverage(rows: 3, columns: 2), "c"), S.layer("vector", Flatten(), "parts"),
        S.layer("fc1", Linear(outputs: 18, clamp: .none), "vector"), S.layer("sigmoid", Elementwise(.sigmoid), "fc1"),
        S.layer("holes", MaxPool(Window(kernel: 2, padding: 1, dilation: 2), ceilMode: true), "b"),
        S.layer("all", Add(clamp: .none), "d", "holes"),
        S.layer("mean", GlobalAverage(), "all"), S.convolution("padded", "mean", 3, 18, padding: 1),
        S.layer("flat", Flatten(), "padded"), S.layer("again", AdaptiveAverage(rows: 2, columns: 3), "flat"),
        S.layer("border", Pad(top: 1, left: 2, bottom: 0, right: 1, value: -0.3), "again"),
        S.layer("pairs", AveragePool(Window(kernel: 2, stride: 2), ceilMode: true, countPadding: false), "border"),
        S.layer("mean2", GlobalAverage(), "pairs"), S.layer("e", Multiply(), "sigmoid", "mean2"),
        S.layer("shuffled", ChannelShuffle(groups: 3), "e"),
        S.layer("scores", Add(clamp: .none), "shuffled", "sigmoid"),
      ], output: "scores"),
    sizes: [(13, 13), (9, 16), (16, 10)], isExact: false)

  /// Layer norms of each pixel, of the whole image and of a vector.
  static let layerNorms = NetworkCase(
    testDescription: "layer norms",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("a", "image", 3, 20, clamp: .none), S.layer("pixels", LayerNorm(epsilon: 1e-6), "a"),
        S.convolution("b", "pixels", 1, 33), S.layer("image2", LayerNorm(epsilon: 0.1, isWhole: true), "b"),
        S.layer("c", Elementwise(.gelu(tanh: false)), "image2"), S.layer("mean", GlobalAverage(), "c"),
        S.layer("vector", LayerNorm(epsilon: 1e-5), "mean"), S.layer("scores", Linear(outputs: 18), "vector"),
      ], output: "scores"),
    sizes: [(9, 11), (12, 7)], isExact: false)
}
