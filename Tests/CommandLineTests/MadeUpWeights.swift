// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// Random weights of SqueezeNet, in a pickle as `convert` reads it.
enum MadeUpWeights {
  static let pickle = PickleWriter.pickle { writer in
    var random = TestRandom(3)
    var channels = [Graph.image: 3]
    writer.op("}(")
    for layer in SqueezeNetImporter.graph.layers {
      let inputs = layer.inputs.map { channels[$0] ?? 0 }.reduce(0, +)
      channels[layer.name] = inputs
      guard let convolution = layer.operation as? Convolution else { continue }
      let (window, outputs) = (convolution.window, convolution.outputs)
      let size = window.y.kernel
      channels[layer.name] = outputs
      writer.string(layer.name)
      writer.op("](")
      for shape in [[size, size, inputs, outputs], [outputs]] {
        writer.array(Tensor(shape: shape, values: random.reals(shape.reduce(1, *)).map { Float($0) / 16 }))
      }
      writer.op("e")
    }
    writer.op("u")
  }
}
