// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool

private typealias S = SmallNetworks

/// Cases that are not exact on integers.
extension NetworkCase {
  /// Depthwise convolutions between narrow ones, sums of those, and channels weighted by what is seen of all of them.
  static let inverted = NetworkCase(
    testDescription: "inverted",
    graph: Graph(
      input: .init(channels: 3),
      layers: [
        S.convolution("stem", "image", 3, 20, stride: 2, padding: 1, clamp: .none),
        S.layer("swish", .function(.hardSwish), "stem"),
        S.convolution("wide", "swish", 1, 40, clamp: .relu6),
        S.convolution("deep", "wide", 5, 40, padding: 2, groups: 40, clamp: .none),
        S.layer("silu", .function(.silu), "deep"), S.layer("squeeze", .globalAverage, "silu"),
        S.convolution("narrow", "squeeze", 1, 10), S.convolution("excite", "narrow", 1, 40, clamp: .none),
        S.layer("gate", .function(.hardSigmoid(alpha: 0.2, beta: 0.5)), "excite"),
        S.layer("weighted", .multiply, "silu", "gate"), S.convolution("out", "weighted", 1, 20, clamp: .none),
        S.layer("sum", .add(clamp: .none), "out", "swish"),
        S.convolution("deep2", "sum", 3, 20, stride: 2, padding: 1, groups: 20, clamp: .relu6),
        S.layer("squeeze2", .globalAverage, "deep2"), S.layer("fc", .linear(outputs: 20, clamp: .none), "squeeze2"),
        S.layer("gate2", .function(.sigmoid), "fc"), S.layer("weighted2", .multiply, "gate2", "deep2"),
        S.layer("product", .multiply, "weighted2", "weighted2"), S.convolution("head", "product", 1, 50, clamp: .none),
        S.layer("headSwish", .function(.hardSwish), "head"), S.layer("mean", .globalAverage, "headSwish"),
        S.layer("fc1", .linear(outputs: 30, clamp: .none), "mean"), S.layer("fc1Swish", .function(.hardSwish), "fc1"),
        S.layer("scores", .linear(outputs: 23, clamp: .none), "fc1Swish"),
      ], output: "scores"),
    sizes: [(16, 16), (11, 18), (19, 9)], isExact: false)

  /// A grey image; windows that are not square; every function; pools that hang over; vectors that become planes again.
  static let functions = NetworkCase(
    testDescription: "functions",
    graph: Graph(
      input: .init(channels: 1),
      layers: [
        S.layer(
          "a",
          .convolution(
            Window(
              y: WindowAxis(kernel: 5, stride: 2, before: 1, after: 2),
              x: WindowAxis(kernel: 3, before: 0, after: 2, dilation: 2)), groups: 1, outputChannels: 17, clamp: .none),
          "image"),
        S.layer("elu", .function(.elu(alpha: 0.7)), "a"),
        S.layer("lrn", .localResponseNorm(size: 5, alpha: 0.5, beta: 0.75, k: 1.5), "elu"),
        S.layer("even", .localResponseNorm(size: 2, alpha: 0.3, beta: 0.5, k: 2), "lrn"),
        S.layer(
          "b1", .averagePool(Window(kernel: 3, stride: 2, padding: 1), ceilMode: true, countPadding: false), "even"),
        S.layer("b2", .averagePool(Window(kernel: 3, stride: 2, padding: 1), ceilMode: true, countPadding: true), "a"),
        S.layer("b", .add(clamp: .none), "b1", "b2"), S.layer("gelu", .function(.gelu(tanh: false)), "b"),
        S.layer("geluTanh", .function(.gelu(tanh: true)), "b"), S.layer("tanh", .function(.tanh), "b"),
        S.layer("leaky", .function(.leakyReLU(slope: 0.1)), "b"), S.layer("prelu", .function(.prelu), "leaky"),
        S.concatenate("c", "gelu", "tanh", "prelu"), S.layer("d", .multiply, "geluTanh", "tanh"),
        S.layer("parts", .adaptiveAverage(rows: 3, columns: 2), "c"), S.layer("vector", .flatten, "parts"),
        S.layer("fc1", .linear(outputs: 18, clamp: .none), "vector"), S.layer("sigmoid", .function(.sigmoid), "fc1"),
        S.layer("holes", .maxPool(Window(kernel: 2, padding: 1, dilation: 2), ceilMode: true), "b"),
        S.layer("all", .add(clamp: .none), "d", "holes"),
        S.layer("mean", .globalAverage, "all"), S.convolution("padded", "mean", 3, 18, padding: 1),
        S.layer("flat", .flatten, "padded"), S.layer("again", .adaptiveAverage(rows: 2, columns: 3), "flat"),
        S.layer("border", .pad(top: 1, left: 2, bottom: 0, right: 1, value: -0.3), "again"),
        S.layer("pairs", .averagePool(Window(kernel: 2, stride: 2), ceilMode: true, countPadding: false), "border"),
        S.layer("mean2", .globalAverage, "pairs"), S.layer("e", .multiply, "sigmoid", "mean2"),
        S.layer("shuffled", .shuffle(groups: 3), "e"), S.layer("scores", .add(clamp: .none), "shuffled", "sigmoid"),
      ], output: "scores"),
    sizes: [(13, 13), (9, 16), (16, 10)], isExact: false)
}
