// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// A network whose scores can be computed by hand: s_c = mean over all pixels of max(0, w_c · x + b_c).
enum PixelwiseNetwork {
  /// A class of the network.
  struct Class {
    let weight: [Float]
    let bias: Float
  }

  /// - Parameters:
  ///   - names: the classes' names; nil is "class 0", "class 1", …
  ///   - source: where the model says that it comes from
  static func make(_ classes: [Class], names: [String]? = nil, source: String = "a test") throws -> Network {
    let graph = """
      {"input":{"channels":3},"output":"scores","layers":[
      {"name":"conv","op":"conv","inputs":["image"],"channels":\(classes.count),"kernel":1,"relu":true},
      {"name":"scores","op":"globalAverage","inputs":["conv"]}]}
      """
    let names = names ?? classes.indices.map { "class \($0)" }
    let model = try Model(
      graph: JSONText.decode(Graph.self, from: graph.utf8), labels: Labels(names: names.map { [$0] }),
      preprocessing: Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], inputSize: 8), source: source,
      licence: "MIT",
      tensors: [
        "conv.weight": Tensor(shape: [classes.count, 3, 1, 1], values: classes.flatMap(\.weight)),
        "conv.bias": Tensor(shape: [classes.count], values: classes.map(\.bias)),
      ], name: "pixelwise")
    return try Network(model, name: "pixelwise")
  }
}
