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
        S.convolution("b", "pixels", 1, 33), S.layer("image2", GroupNorm(groups: 1, epsilon: 0.1), "b"),
        S.layer("c", Elementwise(.gelu(tanh: false)), "image2"), S.layer("mean", GlobalAverage(), "c"),
        S.layer("vector", LayerNorm(epsilon: 1e-5), "mean"), S.layer("scores", Linear(outputs: 18), "vector"),
      ], output: "scores"),
    sizes: [(9, 11), (12, 7)], isExact: false)

  /// Group norms whose groups share blocks and end between blocks; instance norm; reductions; maxima of large windows and
  /// of regions; borders and interpolations.
  static let regions = NetworkCase(
    testDescription: "regions",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("a", "image", 3, 20, stride: 2, padding: 1, clamp: .none),
        S.layer("groups", GroupNorm(groups: 4, epsilon: 0.1), "a"),
        S.layer("instances", GroupNorm(groups: 20, epsilon: 0.1), "groups"),
        S.layer("large", MaxPool(Window(kernel: 17, stride: 3, padding: 8)), "a"),
        S.layer("holes", MaxPool(Window(kernel: 3, padding: 4, dilation: 3), ceilMode: true), "a"),
        S.layer("regions", AdaptiveMax(rows: 3, columns: 2), "instances"),
        S.layer(
          "doubled",
          Interpolate(y: .init(scale: 2), x: .init(size: 5), coordinates: .halfPixel, sampling: .linear), "regions"),
        S.layer("mirrored", Pad(top: 1, left: 2, bottom: 3, right: 0, mode: .reflect), "doubled"),
        S.layer("extended", Pad(top: 0, left: 1, bottom: 1, right: 2, mode: .edge), "mirrored"),
        S.layer("wrapped", Pad(top: 2, left: 0, bottom: 0, right: 1, mode: .wrap), "extended"),
        S.layer(
          "halved",
          Interpolate(y: .init(scale: 0.5), x: .init(scale: 1.5), coordinates: .asymmetric, sampling: .floor), "wrapped"
        ),
        S.layer("norms", Reduction(.norm), "halved"), S.layer("maxima", AdaptiveMax(rows: 1, columns: 1), "groups"),
        S.layer("shared", Reduction(.maximum), "a"),
        S.layer("largeSums", Reduction(.sum), "large"), S.layer("holeNorms", Reduction(.norm), "holes"),
        S.layer("sums", Reduction(.sum), "regions"),
        S.layer("pixelNorms", Reduction(.norm, ofChannels: true), "instances"),
        S.layer("pixelMaxima", Reduction(.maximum, ofChannels: true), "groups"),
        S.layer("pixelSums", Reduction(.sum, ofChannels: true), "a"),
        S.concatenate("maps", "pixelNorms", "pixelMaxima", "pixelSums"), S.layer("mean", GlobalAverage(), "maps"),
        S.concatenate("all", "norms", "maxima", "shared", "sums", "largeSums", "holeNorms", "mean"),
        S.layer("scores", Linear(outputs: 18), "all"),
      ], output: "scores"),
    sizes: [(11, 11), (12, 9)], isExact: false)

  /// Functions of positive numbers, which an exponential makes, and powers of all numbers.
  static let powers = NetworkCase(
    testDescription: "powers",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("a", "image", 3, 20, clamp: .none), S.layer("bounded", Elementwise(.tanh), "a"),
        S.layer("exp", Elementwise(.exp), "bounded"), S.layer("root", Elementwise(.squareRoot), "exp"),
        S.layer("log", Elementwise(.log), "root"), S.layer("inverse", Elementwise(.reciprocal), "exp"),
        S.layer("cubeRoot", Elementwise(.power(exponent: 1.0 / 3)), "inverse"),
        S.layer("square", Elementwise(.power(exponent: 2)), "bounded"),
        S.layer("cube", Elementwise(.power(exponent: 3)), "log"), S.concatenate("all", "cubeRoot", "square", "cube"),
        S.layer("mean", GlobalAverage(), "all"), S.layer("scores", Linear(outputs: 18), "mean"),
      ], output: "scores"),
    sizes: [(9, 11)], isExact: false)
}
